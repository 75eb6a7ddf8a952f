// Package kubelet stands in for what happens to pods on their way to a node and there: it schedules
// them, sets up their networks as Multus and the egress-router CNI plugin would, with the plugin's
// failures and their masked messages, reports them running, and finishes their deletion.
//
// No container runs and no packet flows; a test sees what the API server would show of it.
package kubelet

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

const (
	// PauseAnnotation on a Namespace, with the value Asleep, makes scheduler and kubelets ignore its pods.
	PauseAnnotation = "test.kubectl-egress.io/kubelet"
	// Asleep is the value of PauseAnnotation.
	Asleep = "asleep"
	// ImagePullAnnotation on a Namespace, with the value ImagePullFail, lets no image of its pods be
	// pulled. It takes effect as a container starts: running ones go on.
	ImagePullAnnotation = "test.kubectl-egress.io/image-pull"
	// ImagePullFail is the value of ImagePullAnnotation.
	ImagePullFail = "fail"
	// MultusAnnotation on a Namespace, with the value Asleep, gives its pods the cluster network alone, as
	// where Multus passes a pod over.
	MultusAnnotation = "test.kubectl-egress.io/multus"
	// PluginAnnotation on a Namespace says which egress-router plugin its pods' nodes have: that of OpenShift 4.20 on,
	// unless it is PluginIptables, that of the releases before, or PluginNoNFT, the newer on nodes without the program
	// nft.
	PluginAnnotation = "test.kubectl-egress.io/plugin"
	// PluginIptables is a value of PluginAnnotation.
	PluginIptables = "iptables"
	// PluginNoNFT is a value of PluginAnnotation.
	PluginNoNFT = "no-nft"
	// DestinationsAnnotation on a running pod holds, as a JSON list, the destinations that the plugin
	// read when the pod started. Later changes of its NetworkAttachmentDefinition do not show in it.
	DestinationsAnnotation = "test.kubectl-egress.io/destinations"
	// PluginLogAnnotation on a pod holds why the plugin failed, which in a cluster stands nowhere but in
	// a log file on the node.
	PluginLogAnnotation = "test.kubectl-egress.io/plugin-log"

	ovnKubernetes = "ovn-kubernetes" // the name of OVN-Kubernetes' network

	pause = 250 * time.Millisecond // before another look at what cannot go on yet
)

// Options describe the nodes and their pace.
type Options struct {
	Nodes       []string                     // names of Nodes to create, Ready; those that exist are left as they are
	Addresses   map[string][]string          // InternalIPs by node name; without: 192.168.12.11 and so on, in order
	ProviderIDs map[string]string            // spec.providerID by node name; without: none
	Annotations map[string]map[string]string // of nodes, by node name; without: OVN-Kubernetes', where that is the Network
	Network     string                       // of eth0, as Multus names it; empty: ovn-kubernetes
	Interfaces  []string                     // network interfaces that every node has; empty: br-ex and a few more
	Delay       time.Duration                // from a pod's binding to its start
	Termination time.Duration                // from a pod's deletion to its end; 0: 200 ms
}

// kubelet plays the scheduler and the kubelets of all nodes. It keeps nothing but the time: which
// addresses are taken, it reads from the pods.
type kubelet struct {
	Options
	client client.Client
	since  map[stage]time.Time
}

// stage is something that takes time in a pod's life.
type stage struct {
	pod  types.UID
	name string
}

// Run creates the nodes and plays their part until ctx ends. Pods on a Node that is missing or not
// Ready are left alone, as when a node is lost.
func Run(ctx context.Context, cfg *rest.Config, o Options) error {
	c, err := kube.NewClient(cfg)
	if err != nil {
		return err
	}
	if o.Termination == 0 {
		o.Termination = 200 * time.Millisecond
	}
	if o.Network == "" {
		o.Network = ovnKubernetes
	}
	if len(o.Interfaces) == 0 {
		o.Interfaces = []string{"br-ex", "eth0", "eth1", "ens3", "ens192"}
	}
	k := &kubelet{Options: o, client: c, since: map[stage]time.Time{}}
	if err := k.createNodes(ctx); err != nil {
		return err
	}
	return kube.Reconcile(ctx, cfg, &corev1.Pod{}, k.reconcile)
}

func (k *kubelet) reconcile(ctx context.Context, key client.ObjectKey) (again time.Duration, err error) {
	var pod corev1.Pod
	if err := k.client.Get(ctx, key, &pod); err != nil {
		return 0, client.IgnoreNotFound(err)
	}
	var namespace corev1.Namespace
	if err := k.client.Get(ctx, client.ObjectKey{Name: key.Namespace}, &namespace); err != nil {
		return 0, err
	}
	if namespace.Annotations[PauseAnnotation] == Asleep {
		return pause, nil
	}
	if pod.Spec.NodeName == "" {
		return k.schedule(ctx, &pod)
	}
	var node corev1.Node
	if err := k.client.Get(ctx, client.ObjectKey{Name: pod.Spec.NodeName}, &node); err != nil && !apierrors.IsNotFound(err) {
		return 0, err
	}
	switch {
	case !ready(&node):
		return pause, nil
	case pod.DeletionTimestamp != nil:
		return k.end(ctx, &pod)
	case pod.Status.Phase == corev1.PodPending:
		return k.begin(ctx, &pod, &node, namespace.Annotations)
	}
	return 0, nil
}

// begin starts a pod that is bound to node: its network first, then its containers. What is planned to go
// wrong is in the annotations of its namespace.
func (k *kubelet) begin(ctx context.Context, pod *corev1.Pod, node *corev1.Node, planned map[string]string) (again time.Duration, err error) {
	if left := k.left(pod, "begin", k.Delay); left > 0 {
		return left, k.showCreating(ctx, pod, node)
	}
	ip, err := sandboxIP(pod)
	if err != nil {
		return 0, err
	}
	if ip == "" {
		ip, err = k.createSandbox(ctx, pod, node, planned)
		if failed := (*sandboxError)(nil); errors.As(err, &failed) {
			return pause, errors.Join(k.showCreating(ctx, pod, node), k.recordSandboxFailure(ctx, pod, failed))
		}
		if err != nil {
			return 0, err
		}
	}
	if planned[ImagePullAnnotation] == ImagePullFail {
		return pause, k.showPullFailure(ctx, pod, node, ip)
	}
	return 0, k.showRunning(ctx, pod, node, ip)
}

// end finishes the deletion of a pod, which the API server leaves to the kubelet.
func (k *kubelet) end(ctx context.Context, pod *corev1.Pod) (again time.Duration, err error) {
	if left := k.left(pod, "end", k.Termination); left > 0 {
		return left, nil
	}
	err = k.client.Delete(ctx, pod, client.GracePeriodSeconds(0), client.Preconditions{UID: &pod.UID})
	if err := client.IgnoreNotFound(err); err != nil {
		return 0, fmt.Errorf("ending pod %s: %w", client.ObjectKeyFromObject(pod), err)
	}
	delete(k.since, stage{pod.UID, "begin"})
	delete(k.since, stage{pod.UID, "end"})
	return 0, nil
}

// left is how long the named stage of the pod still takes, counted from the first time it is asked for.
func (k *kubelet) left(pod *corev1.Pod, name string, takes time.Duration) time.Duration {
	at := stage{pod.UID, name}
	if _, begun := k.since[at]; !begun {
		k.since[at] = time.Now()
	}
	return time.Until(k.since[at].Add(takes))
}
