package snapshot

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Service is a Service that may be a router's, or that holds an address of its own.
type Service struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Router is the router that this tool made it for; "" where another made it.
	Router    string            `json:"router,omitempty"`
	Selector  map[string]string `json:"selector,omitempty"`
	ClusterIP string            `json:"clusterIP,omitempty"`
	Ports     []egress.Port     `json:"ports,omitempty"`
	// TargetPorts are the pod's ports of Ports, one for one; a named one is 0.
	TargetPorts []int32 `json:"targetPorts,omitempty"`
}

// Endpoints are the pods that a Service sends to.
type Endpoints struct {
	Namespace string `json:"namespace"`
	Service   string `json:"service"`
	// Ready are the addresses that get traffic; NotReady those that would.
	Ready    []string `json:"ready,omitempty"`
	NotReady []string `json:"notReady,omitempty"`
}

// NetworkPolicy is one that limits what comes in.
type NetworkPolicy struct {
	Namespace string               `json:"namespace"`
	Name      string               `json:"name"`
	Pods      metav1.LabelSelector `json:"pods"`
	// From are who it allows, in words: "pods app=x in namespaces team=y", "10.0.0.0/8", "all".
	From []string `json:"from,omitempty"`
	// Everybody are those of From that are every pod of the cluster, on all ports or on some.
	Everybody []string `json:"everybody,omitempty"`
}
