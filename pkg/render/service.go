package render

import (
	"fmt"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/templates"
)

// ServiceOptions say which Service of a router to render.
type ServiceOptions struct {
	// Name is the Service's; "" is the router's.
	Name string
	// Ports are what it serves, in order; see ServicePorts.
	Ports       []egress.Port
	Provisioner egress.Provisioner
	// Owner is the UID of the live EgressRouter that the Service goes with, or "" for none.
	Owner types.UID
}

// Service renders a Service for the router r.
func Service(r *nov1.EgressRouter, o ServiceOptions) (*unstructured.Unstructured, error) {
	var s corev1.Service
	if err := fill(templates.Service, &s); err != nil {
		return nil, err
	}
	s.Name, s.Namespace = o.Name, r.Namespace
	if s.Name == "" {
		s.Name = r.Name
	}
	s.Labels = egress.Labels(r.Name)
	s.Spec.Selector = o.Provisioner.PodLabels(r.Name)
	for _, p := range o.Ports {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{
			Name:     fmt.Sprintf("%s-%d", strings.ToLower(string(p.Protocol)), p.Number),
			Protocol: corev1.Protocol(p.Protocol),
			Port:     p.Number,
		})
	}
	if o.Owner != "" {
		s.OwnerReferences = []metav1.OwnerReference{ownerReference(r, o.Owner)}
	}
	u, err := toUnstructured(&s)
	if err != nil {
		return nil, err
	}
	return u, dropTargetPorts(u)
}

// dropTargetPorts takes out the zero that Go writes for a target port that was not set; the server then
// makes it the port itself.
func dropTargetPorts(service *unstructured.Unstructured) error {
	ports, _, err := unstructured.NestedSlice(service.Object, "spec", "ports")
	if err != nil {
		return fmt.Errorf("rendering the Service's ports: %w", err)
	}
	for _, port := range ports {
		if p, ok := port.(map[string]any); ok {
			delete(p, "targetPort")
		}
	}
	return unstructured.SetNestedSlice(service.Object, ports, "spec", "ports")
}

// ownerReference makes the Service go when the EgressRouter goes. It does not block the owner's deletion:
// clusters ask for rights on the owner's finalizers where it does.
func ownerReference(r *nov1.EgressRouter, uid types.UID) metav1.OwnerReference {
	no := false
	return metav1.OwnerReference{
		APIVersion: egress.Kind.GroupVersion().String(), Kind: egress.Kind.Kind,
		Name: r.Name, UID: uid, BlockOwnerDeletion: &no,
	}
}

// ServicePorts are the ports of a Service for r: every port that a rule redirects, or those asked for.
// A port that nothing redirects is refused, unless a fallback takes all traffic, which it does under the
// standalone provisioner alone.
func ServicePorts(r *nov1.EgressRouter, provisioner egress.Provisioner, asked []egress.Port) ([]egress.Port, error) {
	redirected := egress.Ports(r)
	if len(asked) == 0 {
		if len(redirected) == 0 {
			return nil, fmt.Errorf("router %s has no redirect rule to take ports from: name them with \"expose %s --port PORT\"", r.Name, r.Name)
		}
		return redirected, nil
	}
	catchAll := egress.Fallback(r) != "" && provisioner == egress.Standalone
	known := map[egress.Port]bool{}
	for _, p := range redirected {
		known[p] = true
	}
	seen := map[egress.Port]bool{}
	var ports []egress.Port
	for _, p := range asked {
		if !known[p] && !catchAll {
			return nil, fmt.Errorf("no rule of router %s redirects %s: its rules redirect %s", r.Name, p, list(redirected))
		}
		if !seen[p] {
			seen[p] = true
			ports = append(ports, p)
		}
	}
	return ports, nil
}

func list(ports []egress.Port) string {
	if len(ports) == 0 {
		return "nothing"
	}
	var words []string
	for _, p := range ports {
		words = append(words, p.String())
	}
	return strings.Join(words, ", ")
}
