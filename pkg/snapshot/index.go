package snapshot

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Index is a Snapshot in which what belongs to a router is found by namespace and name: to look for the pods
// of 1,000 routers among all pods would take their product.
type Index struct {
	*Snapshot
	nads, deployments, nodes, namespaces map[types.NamespacedName]int
	// pods are by namespace, and by the name of the standalone router that their labels give; "" for all.
	pods, services, endpoints, policies map[types.NamespacedName][]int
}

// Index returns s with its index. What is added to s afterwards is not found.
func (s *Snapshot) Index() *Index {
	x := &Index{
		Snapshot:    s,
		nads:        unique(s.NADs, func(v NAD) (string, string) { return v.Namespace, v.Name }),
		deployments: unique(s.Deployments, func(v Deployment) (string, string) { return v.Namespace, v.Name }),
		nodes:       unique(s.Nodes, func(v Node) (string, string) { return "", v.Name }),
		namespaces:  unique(s.Namespaces, func(v Namespace) (string, string) { return "", v.Name }),
		pods:        grouped(s.Pods, func(v Pod) (string, string) { return v.Namespace, "" }),
		services:    grouped(s.Services, func(v Service) (string, string) { return v.Namespace, "" }),
		endpoints:   grouped(s.Endpoints, func(v Endpoints) (string, string) { return v.Namespace, v.Service }),
		policies:    grouped(s.NetworkPolicies, func(v NetworkPolicy) (string, string) { return v.Namespace, "" }),
	}
	for key, list := range grouped(s.Pods, func(v Pod) (string, string) { return v.Namespace, v.Labels[egress.LabelInstance] }) {
		if key.Name != "" {
			x.pods[key] = list
		}
	}
	return x
}

// unique are the positions of objects by namespace and name; of two that share them the first counts.
func unique[T any](objects []T, key func(T) (string, string)) map[types.NamespacedName]int {
	out := make(map[types.NamespacedName]int, len(objects))
	for i := len(objects) - 1; i >= 0; i-- {
		namespace, name := key(objects[i])
		out[types.NamespacedName{Namespace: namespace, Name: name}] = i
	}
	return out
}

// grouped are the positions of the objects that share a key, in order.
func grouped[T any](objects []T, key func(T) (string, string)) map[types.NamespacedName][]int {
	out := map[types.NamespacedName][]int{}
	for i, object := range objects {
		namespace, name := key(object)
		at := types.NamespacedName{Namespace: namespace, Name: name}
		out[at] = append(out[at], i)
	}
	return out
}

// find returns the object of list that index has under namespace and name, or nil.
func find[T any](list []T, index map[types.NamespacedName]int, namespace, name string) *T {
	if i, ok := index[types.NamespacedName{Namespace: namespace, Name: name}]; ok {
		return &list[i]
	}
	return nil
}

// chosen are those of the objects at some positions of list that something is true of.
func chosen[T any](list []T, positions []int, holds func(*T) bool) []T {
	var out []T
	for _, i := range positions {
		if holds(&list[i]) {
			out = append(out, list[i])
		}
	}
	return out
}

// NADOf returns the NAD that the pods of r ask for, or nil.
func (x *Index) NADOf(r Router) *NAD {
	return find(x.NADs, x.nads, r.Namespace, r.Provisioner.NADName(r.Name))
}

// DeploymentOf returns the Deployment of r, or nil. One that somebody else made under its name does not count.
func (x *Index) DeploymentOf(r Router) *Deployment {
	if x.ForeignOf(r) != nil {
		return nil
	}
	return x.named(r)
}

// ForeignOf returns somebody else's Deployment in whose place the operator would make that of r, or nil.
func (x *Index) ForeignOf(r Router) *Deployment {
	if d := x.named(r); d != nil && d.Foreign != "" && r.Provisioner != egress.Standalone {
		return d
	}
	return nil
}

// named returns what has the name of r's Deployment, or nil.
func (x *Index) named(r Router) *Deployment {
	return find(x.Deployments, x.deployments, r.Namespace, r.Provisioner.DeploymentName(r.Name))
}

// NodeOf returns the node of that name, or nil.
func (x *Index) NodeOf(name string) *Node { return find(x.Nodes, x.nodes, "", name) }

// NamespaceOf returns the namespace of that name; nil where it was not read.
func (x *Index) NamespaceOf(name string) *Namespace {
	return find(x.Namespaces, x.namespaces, "", name)
}

// AllPodsOf returns the pods of r, those on their way out among them.
func (x *Index) AllPodsOf(r Router) []Pod {
	own := r.Provisioner.PodLabels(r.Name)
	selector := labels.SelectorFromSet(own)
	return chosen(x.Pods, x.pods[types.NamespacedName{Namespace: r.Namespace, Name: own[egress.LabelInstance]}], func(p *Pod) bool {
		return selector.Matches(labels.Set(p.Labels))
	})
}

// PodsOf returns the pods of r that are to stay.
func (x *Index) PodsOf(r Router) []Pod {
	return collect.Filter(x.AllPodsOf(r), func(p Pod) bool { return !p.Deleting })
}

// PodOf returns the pod that counts for r: a ready one before one that is not, then the newest; nil where
// there is none.
func (x *Index) PodOf(r Router) *Pod {
	var best *Pod
	for _, p := range x.PodsOf(r) {
		if best == nil || p.Ready && !best.Ready || p.Ready == best.Ready && p.Created.After(best.Created) {
			best = &p
		}
	}
	return best
}

// ServicesOf returns the Services whose selector r's pod labels match, whoever made them and whether or not
// a pod runs.
func (x *Index) ServicesOf(r Router) []Service {
	pod := r.podLabels()
	return chosen(x.Services, x.services[types.NamespacedName{Namespace: r.Namespace}], func(s *Service) bool {
		return len(s.Selector) > 0 && labels.SelectorFromSet(s.Selector).Matches(pod)
	})
}

// LostServicesOf returns the Services that this tool made for r, and whose selector no longer matches its pods.
func (x *Index) LostServicesOf(r Router) []Service {
	pod := r.podLabels()
	return chosen(x.Services, x.services[types.NamespacedName{Namespace: r.Namespace}], func(s *Service) bool {
		return s.Router == r.Name && !labels.SelectorFromSet(s.Selector).Matches(pod)
	})
}

// PoliciesOf returns the policies that limit who may use r. A selector that cannot be read selects nothing.
func (x *Index) PoliciesOf(r Router) []NetworkPolicy {
	return chosen(x.NetworkPolicies, x.policies[types.NamespacedName{Namespace: r.Namespace}], func(p *NetworkPolicy) bool {
		selector, err := metav1.LabelSelectorAsSelector(&p.Pods)
		return err == nil && selector.Matches(r.podLabels())
	})
}

// EndpointsOf returns those of the Service.
func (x *Index) EndpointsOf(service Service) Endpoints {
	out := Endpoints{Namespace: service.Namespace, Service: service.Name}
	for _, i := range x.endpoints[types.NamespacedName{Namespace: service.Namespace, Name: service.Name}] {
		out.Ready = append(out.Ready, x.Endpoints[i].Ready...)
		out.NotReady = append(out.NotReady, x.Endpoints[i].NotReady...)
	}
	return out
}
