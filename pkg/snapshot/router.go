package snapshot

import (
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Router is one egress router and who provisions it. Of its metadata there are name, namespace, UID, generation,
// creation time, and this tool's own annotations.
type Router struct {
	nov1.EgressRouter `json:",inline"`
	Provisioner       egress.Provisioner `json:"provisioner"`
	// Changed is when the spec of an EgressRouter was last written, in seconds, with or without a change; zero where that
	// is not known.
	Changed time.Time `json:"changed,omitzero"`
}

// NAD is a NetworkAttachmentDefinition.
type NAD struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Router is the name of the EgressRouter that owns it, or of the standalone router that it was made for.
	Router string `json:"router,omitempty"`
	// Config is spec.config where that is for the egress-router plugin; it is left out of the NADs of others.
	Config string `json:"config,omitempty"`
	// Addresses are those that the NAD of another plugin gives to pods, with or without a prefix length.
	Addresses []string  `json:"addresses,omitempty"`
	Created   time.Time `json:"created"`
	// Changed is when its content last changed, as far as the server tells, in seconds: not before. Zero where it does not.
	Changed time.Time `json:"changed,omitzero"`
	// Writer is the field manager that wrote its content last, or "".
	Writer string `json:"writer,omitempty"`
	// Generation counts the changes of its content, from 1.
	Generation int64  `json:"generation"`
	UID        string `json:"uid,omitempty"`
}

// Deployment is that of a router, of either provisioner.
type Deployment struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Router is the name of the EgressRouter that owns it, or of the standalone router.
	Router  string    `json:"router,omitempty"`
	Created time.Time `json:"created"`
	// Observed tells that its controller has seen its newest content.
	Observed bool `json:"observed"`
	// Generation counts the changes of its content.
	Generation int64 `json:"generation,omitempty"`
	Replicas   int32 `json:"replicas"`
	// Current is how many pods there are, those of older templates among them.
	Current   int32 `json:"current,omitempty"`
	Updated   int32 `json:"updated"`
	Available int32 `json:"available"`
	// Strategy is Recreate or RollingUpdate.
	Strategy string `json:"strategy"`
	// NADHash is the stamp of the NAD that the pods of this template start with; "" where nobody noted it.
	NADHash string `json:"nadHash,omitempty"`
	// Networks is what the template asks of Multus.
	Networks string `json:"networks,omitempty"`
	// Routes are the networks that the pods get a route to on eth0, by this tool's init container.
	Routes []string `json:"routes,omitempty"`
	// BlocksInbound tells that this tool's init container drops what begins on net1 before it reaches pods.
	BlocksInbound bool `json:"blocksInbound,omitempty"`
	// Template is the pods' spec: scheduling, security contexts, images and volumes. Commands, arguments,
	// environment and probes are left out.
	Template corev1.PodSpec `json:"template"`
	// Foreign is the selector of one that only has the name of the operator's: somebody else's, which the operator cannot take
	// over, since nobody can change a selector.
	Foreign string `json:"foreign,omitempty"`
	// Failure is why it cannot make its pod, or "".
	Failure string `json:"failure,omitempty"`
}

// podLabels are the labels that r's pods carry, or would.
func (r Router) podLabels() labels.Set {
	if r.Provisioner == egress.Standalone {
		return egress.Labels(r.Name)
	}
	return r.Provisioner.PodLabels(r.Name)
}
