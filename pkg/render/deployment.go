package render

import (
	"maps"
	"net/netip"
	"path"
	"strings"
	"time"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/templates"
)

// DefaultImage only stays up; it has no shell and needs none.
const DefaultImage = "registry.k8s.io/pause:3.10"

// Options are what a router has beyond its EgressRouter. The operator's can have node selector, failover
// time and strategy; a standalone one has them all, and its strategy is always Recreate.
type Options struct {
	// Image is the pod's image; "" is DefaultImage.
	Image string
	// MAC is net1's: "" is egress.FixedMAC, egress.RandomMAC the CNI plugin's own, else the address itself.
	MAC string
	// NodeSelector limits the nodes that the pod may run on.
	NodeSelector map[string]string
	// FailoverAfter is how long the pod stays bound to a node that is lost; nil is Kubernetes' five minutes.
	FailoverAfter *time.Duration
	// Recreate ends the old pod before the new one starts.
	Recreate bool
	// Routes are the networks that get a route on eth0, by an init container; none for no such container.
	Routes []netip.Prefix
	// BlockInbound drops what begins on net1 before it reaches pods, by an init container.
	BlockInbound bool
	// RouteImage is the image of both; "" is DefaultRouteImage.
	RouteImage string
	// CloseARP has net1 answer ARP for its own address alone. OpenShift's nodes refuse the sysctl that does it, and the
	// pod with it.
	CloseARP bool
}

// mac is the MAC that tuning sets for r, or "" for none.
func (o Options) mac(r *nov1.EgressRouter) string {
	switch o.MAC {
	case "":
		return egress.FixedMAC(egress.ReservedIP(r))
	case egress.RandomMAC:
		return ""
	default:
		return o.MAC
	}
}

// Deployment renders the standalone Deployment of r.
func Deployment(r *nov1.EgressRouter, o Options) (*unstructured.Unstructured, error) {
	var d appsv1.Deployment
	if err := fill(templates.Deployment, &d); err != nil {
		return nil, err
	}
	router, err := routerAnnotation(r)
	if err != nil {
		return nil, err
	}
	podAnnotations, err := podAnnotations(r, o)
	if err != nil {
		return nil, err
	}
	d.Name, d.Namespace = r.Name, r.Namespace
	d.Labels = egress.Labels(r.Name)
	d.Annotations = map[string]string{egress.AnnotationRouter: router}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: egress.Standalone.PodLabels(r.Name)}
	d.Spec.Template.Labels = egress.Labels(r.Name)
	d.Spec.Template.Annotations = podAnnotations
	setPod(&d.Spec.Template.Spec, o)
	if d.Spec.Template.Spec.InitContainers, err = initContainers(r, o); err != nil {
		return nil, err
	}
	return toUnstructured(&d)
}

// setPod fills in what o says about the pod.
func setPod(pod *corev1.PodSpec, o Options) {
	image := o.Image
	if image == "" {
		image = DefaultImage
	}
	pod.Containers[0].Image = image
	if !isPause(image) {
		// The shell waits rather than sleeps itself, so that TERM ends it at once.
		pod.Containers[0].Command = []string{"/bin/sh", "-c", "trap 'exit 0' TERM INT; sleep infinity & wait"}
	}
	pod.NodeSelector = maps.Clone(o.NodeSelector)
	pod.Tolerations = o.tolerations()
}

// tolerations keep the pod bound to a lost node for the time given; none where none is given, and then the
// server's own apply.
func (o Options) tolerations() []corev1.Toleration {
	if o.FailoverAfter == nil {
		return nil
	}
	seconds := int64(o.FailoverAfter.Seconds())
	var out []corev1.Toleration
	for _, taint := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		out = append(out, corev1.Toleration{
			Key: taint, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds,
		})
	}
	return out
}

// isPause reports whether image is a pause image, which stays up by itself and has no shell.
func isPause(image string) bool {
	name, _, _ := strings.Cut(image, "@")
	name, _, _ = strings.Cut(path.Base(name), ":")
	return name == "pause" || strings.HasPrefix(name, "pause-")
}

// routerAnnotation is r as JSON, for the annotation that every verb reads back.
func routerAnnotation(r *nov1.EgressRouter) (string, error) {
	cr, err := EgressRouter(r)
	if err != nil {
		return "", err
	}
	return marshal(cr.Object)
}

// podAnnotations ask Multus for net1 and roll the pod out when the NAD changes.
func podAnnotations(r *nov1.EgressRouter, o Options) (map[string]string, error) {
	config, err := nadConfig(r, o)
	if err != nil {
		return nil, err
	}
	// By name and default route only: the type's other fields would print as empty.
	networks, err := marshal([]networkSelection{{Name: r.Name, DefaultRoute: []string{egress.Address(r).Gateway}}})
	if err != nil {
		return nil, err
	}
	return map[string]string{
		nadv1.NetworkAttachmentAnnot: networks,
		egress.AnnotationNADHash:     hashOf(config),
	}, nil
}

// networkSelection is an element of the Multus annotation. Without default-route, clients on other nodes
// could not connect.
type networkSelection struct {
	Name         string   `json:"name"`
	DefaultRoute []string `json:"default-route"`
}
