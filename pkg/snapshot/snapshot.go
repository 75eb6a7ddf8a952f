// Package snapshot is a cluster as plain data: what was read, and what could not be.
package snapshot

import (
	"cmp"
	"slices"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Snapshot is all that the checks and the reports see of a cluster, or of files.
type Snapshot struct {
	Routers  []Router  `json:"routers,omitempty"`
	Pods     []Pod     `json:"pods,omitempty"`
	Services []Service `json:"services,omitempty"`
	Nodes    []Node    `json:"nodes,omitempty"`
	// Unknown is what could not be read.
	Unknown []Unknown `json:"unknown,omitempty"`
}

// Router is one egress router and who provisions it.
type Router struct {
	nov1.EgressRouter `json:",inline"`
	Provisioner       egress.Provisioner `json:"provisioner"`
}

// Pod is a pod that belongs to a router.
type Pod struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels,omitempty"`
	Created   time.Time         `json:"created"`
	Node      string            `json:"node,omitempty"`
	Ready     bool              `json:"ready"`
	// State is what kubectl shows as its status: Running, ContainerCreating, ImagePullBackOff...
	State string `json:"state"`
	// IP and MAC are net1's, as Multus reports them; empty where the pod has none.
	IP  string `json:"ip,omitempty"`
	MAC string `json:"mac,omitempty"`
}

// Service is a Service that may be a router's.
type Service struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Selector  map[string]string `json:"selector,omitempty"`
	ClusterIP string            `json:"clusterIP,omitempty"`
	Ports     []egress.Port     `json:"ports,omitempty"`
}

// Node is what the checks need of a node.
type Node struct {
	Name string `json:"name"`
	// ProviderID says which machine of which cloud it is, such as openstack:///<server>.
	ProviderID string `json:"providerID,omitempty"`
	// Addresses are its IP addresses, internal and external.
	Addresses []string `json:"addresses,omitempty"`
}

// Unknown is a part of the cluster that the user may not read.
type Unknown struct {
	Resource string `json:"resource"`
	// Namespace is "" for the whole cluster.
	Namespace string `json:"namespace,omitempty"`
	// Partial tells that the namespace asked for was read, and only the others are unknown.
	Partial bool `json:"partial,omitempty"`
	// Reason is the server's.
	Reason string `json:"reason"`
}

// String names what is unknown: "nodes", "pods in namespace billing".
func (u Unknown) String() string {
	if u.Partial {
		return u.Resource + " in other namespaces"
	}
	if u.Namespace == "" {
		return u.Resource + " of the whole cluster"
	}
	return u.Resource + " in namespace " + u.Namespace
}

// Sort orders everything in s by namespace and name.
func (s *Snapshot) Sort() {
	slices.SortFunc(s.Routers, func(a, b Router) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Provisioner, b.Provisioner))
	})
	slices.SortFunc(s.Pods, func(a, b Pod) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(s.Services, func(a, b Service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(s.Nodes, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Unknown, func(a, b Unknown) int { return cmp.Compare(a.String(), b.String()) })
}

// PodsOf are the pods of r, those of the other provisioner left out.
func (s *Snapshot) PodsOf(r Router) []Pod {
	selector := labels.SelectorFromSet(r.Provisioner.PodLabels(r.Name))
	var out []Pod
	for _, p := range s.Pods {
		if p.Namespace == r.Namespace && selector.Matches(labels.Set(p.Labels)) {
			out = append(out, p)
		}
	}
	return out
}

// ServicesOf are the Services whose selector r's pod labels match, whoever made them and whether or not
// a pod runs.
func (s *Snapshot) ServicesOf(r Router) []Service {
	pod := labels.Set(r.Provisioner.PodLabels(r.Name))
	if r.Provisioner == egress.Standalone {
		pod = egress.Labels(r.Name)
	}
	var out []Service
	for _, service := range s.Services {
		if service.Namespace == r.Namespace && len(service.Selector) > 0 && labels.SelectorFromSet(service.Selector).Matches(pod) {
			out = append(out, service)
		}
	}
	return out
}
