package snapshot

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Cluster is what the cluster says of itself. On a cluster that is not OpenShift most of it is empty.
type Cluster struct {
	// Version is the server's, such as v1.34.4.
	Version string `json:"version,omitempty"`
	// Platform is Infrastructure's status.platformStatus.type, such as OpenStack, VSphere, AWS or None.
	Platform string `json:"platform,omitempty"`
	// Hosted tells that the control plane runs elsewhere (controlPlaneTopology External).
	Hosted bool `json:"hosted,omitempty"`
	// NetworkType is the Network config's status.networkType, such as OVNKubernetes.
	NetworkType string `json:"networkType,omitempty"`
	// PodCIDRs and ServiceCIDRs are the networks of pods and Services, as far as anything names them.
	PodCIDRs     []string `json:"podCIDRs,omitempty"`
	ServiceCIDRs []string `json:"serviceCIDRs,omitempty"`
	// NetworkOperator is ClusterOperator/network; nil where there is none.
	NetworkOperator *Operator `json:"networkOperator,omitempty"`
}

// Operator is what a ClusterOperator says of its Degraded condition.
type Operator struct {
	Degraded bool      `json:"degraded"`
	Reason   string    `json:"reason,omitempty"`
	Message  string    `json:"message,omitempty"`
	Since    time.Time `json:"since,omitzero"`
}

// Namespace is a namespace and those of its labels that say what its pods may do and which network they have.
type Namespace struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
}

// Node is what the checks and the platforms need of a node.
type Node struct {
	Name string `json:"name"`
	// ProviderID says which machine of which cloud it is, such as openstack:///<server>.
	ProviderID string `json:"providerID,omitempty"`
	// SystemUUID is what the machine's firmware calls itself.
	SystemUUID string `json:"systemUUID,omitempty"`
	Hostname   string `json:"hostname,omitempty"`
	// Addresses are its IP addresses, internal ones first.
	Addresses []string `json:"addresses,omitempty"`
	// CIDRs are addresses with prefix lengths that the cluster's CNI knows the node by, such as
	// OVN-Kubernetes' host-cidrs: they name the subnets that it is in. Empty where no CNI tells.
	CIDRs  []string          `json:"cidrs,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	Taints []corev1.Taint    `json:"taints,omitempty"`
	// Unschedulable tells that it is cordoned.
	Unschedulable bool `json:"unschedulable,omitempty"`
	Ready         bool `json:"ready"`
	// NotReady is why it is not Ready, with the time since when; "" where it is.
	NotReady string   `json:"notReady,omitempty"`
	PodCIDRs []string `json:"podCIDRs,omitempty"`
	// CNI names the cluster network that has left its annotations on the node: ovn-kubernetes, flannel,
	// calico, cilium, antrea, kube-router; "" where none is known.
	CNI string `json:"cni,omitempty"`
}

// Claim is an address that something holds which is neither a node nor a router.
type Claim struct {
	// Address is an IP address, or a CIDR where a whole range is claimed.
	Address string `json:"address"`
	// By names the holder: "the API server's VIP", "EgressIP prod", "the load balancer of Service shop/web",
	// "NAD shop/storage".
	By string `json:"by"`
}

// Rights are what the user may and may not do, as the server says.
type Rights struct {
	// Namespace is where.
	Namespace string `json:"namespace"`
	// Missing are those that creating and deleting routers takes and that the user has not.
	Missing []Right `json:"missing,omitempty"`
	// Held tells how many of those the user has.
	Held int `json:"held"`
	// Incomplete tells that an authorizer could not list all: what is missing may be there.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Right is a verb on a resource.
type Right struct {
	Verb     string `json:"verb"`
	Group    string `json:"group,omitempty"`
	Resource string `json:"resource"`
}
