package snapshot

import "time"

// Pod is a pod that belongs to a router.
type Pod struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	UID       string            `json:"uid,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Created   time.Time         `json:"created"`
	// Deleting tells that it is on its way out. On a node that is lost it may still be at work.
	Deleting bool   `json:"deleting,omitempty"`
	Node     string `json:"node,omitempty"`
	// Owner is the ReplicaSet that controls it, or "".
	Owner string `json:"owner,omitempty"`
	Ready bool   `json:"ready"`
	// ReadySince is when Ready last became what it is.
	ReadySince time.Time `json:"readySince,omitzero"`
	// Phase is Pending, Running, Succeeded, Failed or Unknown.
	Phase string `json:"phase,omitempty"`
	// State is what kubectl shows as its status: Running, ContainerCreating, ImagePullBackOff...
	State string `json:"state"`
	// PodIP is eth0's.
	PodIP string `json:"podIP,omitempty"`
	// IP and MAC are net1's, as Multus reports them; empty where the pod has none.
	IP  string `json:"ip,omitempty"`
	MAC string `json:"mac,omitempty"`
	// Attachment is what Multus calls the network of net1: namespace/name of a NAD.
	Attachment string `json:"attachment,omitempty"`
	// Network is what Multus calls the network of eth0, such as ovn-kubernetes or cbr0.
	Network string `json:"network,omitempty"`
	// StatusError says why its network-status cannot be read, or "".
	StatusError string `json:"statusError,omitempty"`
	// NADHash is the stamp that its template had.
	NADHash string `json:"nadHash,omitempty"`
	// Events are the warnings about its start, newest first; only those of a pod that hangs.
	Events []Event `json:"events,omitempty"`
}

// Event is a warning that the cluster noted of a pod.
type Event struct {
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Count   int32     `json:"count,omitempty"`
	Last    time.Time `json:"last"`
}
