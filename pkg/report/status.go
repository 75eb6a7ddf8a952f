package report

import (
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// StatusList is what status shows, and as JSON the object that it prints: always this one, however many
// routers there are.
type StatusList struct {
	Routers []StatusJSON `json:"routers"`
	// Findings are those that are about no router, but about the cluster.
	Findings []finding.Finding `json:"findings"`
}

// StatusJSON is a router with the whole chain behind it. Its keys are stable: some may come, none goes.
type StatusJSON struct {
	Namespace   string             `json:"namespace"`
	Name        string             `json:"name"`
	Provisioner egress.Provisioner `json:"provisioner"`
	// Address is the one that counts, as the router gives it: with its prefix length.
	Address string `json:"address"`
	Gateway string `json:"gateway"`
	// Rules are the redirects as --redirect takes them, a fallback IP last as *=IP.
	Rules []string `json:"rules"`
	// RulesInPod says whether the pod runs these rules: yes, no or unknown; "" where there is no pod.
	RulesInPod platform.Answer `json:"rulesInPod,omitempty"`
	// Ready tells that the router serves, as far as the cluster can tell: a pod is ready and has the reserved address
	// on net1, and no error holds against it.
	Ready bool `json:"ready"`
	// Reason is Ready, or in a word why not: Degraded, NoPod, NotReady, NoNet1, OtherIP, NoEndpoint, Unknown, or the
	// pod's state as kubectl shows it.
	Reason string `json:"reason"`
	// NAD and Deployment are null where there are none, or where they are unknown.
	NAD        *NADStatus        `json:"nad"`
	Deployment *DeploymentStatus `json:"deployment"`
	// Pods are those on their way out, then those that are to stay.
	Pods     []PodStatus     `json:"pods"`
	Services []ServiceStatus `json:"services"`
	// Policies are the NetworkPolicies that limit who may use the router.
	Policies []PolicyStatus `json:"policies"`
	// Platform are the nodes that the pod could be on, and whether the router would work there.
	Platform []check.Row       `json:"platform"`
	Findings []finding.Finding `json:"findings"`
	// Unknown are the resources of the chain that could not be read, such as services.
	Unknown []string `json:"unknown,omitempty"`
}

// NADStatus is the router's NetworkAttachmentDefinition.
type NADStatus struct {
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	Gateway string `json:"gateway,omitempty"`
	// Rules are its destinations, in the CNI plugin's notation: "8080 TCP 203.0.113.26 80".
	Rules []string `json:"rules"`
	// Differs tells that it does not say what the router asks for.
	Differs bool `json:"differs"`
	// Error is why it cannot be read, or "".
	Error string `json:"error,omitempty"`
}

// DeploymentStatus is the router's Deployment.
type DeploymentStatus struct {
	Name      string `json:"name"`
	Replicas  int32  `json:"replicas"`
	Updated   int32  `json:"updated"`
	Available int32  `json:"available"`
	// Strategy is Recreate or RollingUpdate.
	Strategy string `json:"strategy"`
	// Images are those of its containers.
	Images []string `json:"images"`
	// NodeSelector limits the nodes that its pod may run on.
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// FailoverAfter is how long its pod stays bound to a lost node, such as "30s", or "never" where that has no end;
	// "" is Kubernetes' five minutes.
	FailoverAfter string `json:"failoverAfter,omitempty"`
	// Routes are the cluster's networks that its pod gets a route to on eth0.
	Routes []string `json:"routes,omitempty"`
	// BlocksInbound tells that an init container drops what begins on net1 before it reaches pods.
	BlocksInbound bool `json:"blocksInbound,omitempty"`
	// Failure is why it cannot make its pod, or "".
	Failure string `json:"failure,omitempty"`
}

// PodStatus is a pod of the router's.
type PodStatus struct {
	Name  string `json:"name"`
	Node  string `json:"node,omitempty"`
	Ready bool   `json:"ready"`
	// State is what kubectl shows as its status.
	State string `json:"state"`
	// Deleting tells that it is on its way out.
	Deleting bool `json:"deleting,omitempty"`
	// Since is when it became ready, or, where it is not, when it was made.
	Since time.Time `json:"since"`
	// PodIP is eth0's; IP and MAC are net1's.
	PodIP string `json:"podIP,omitempty"`
	IP    string `json:"ip,omitempty"`
	MAC   string `json:"mac,omitempty"`
	// Event is the newest warning of a pod that is not ready, or "".
	Event string `json:"event,omitempty"`
}

// ServiceStatus is a Service that selects the router's pods.
type ServiceStatus struct {
	Name      string       `json:"name"`
	ClusterIP string       `json:"clusterIP,omitempty"`
	Ports     []PortStatus `json:"ports"`
	// Endpoints are the pod addresses that get its traffic; null where they are unknown.
	Endpoints []string `json:"endpoints"`
}

// PortStatus is a port of a Service and where it leads.
type PortStatus struct {
	// Name is protocol and port, as in tcp-8080.
	Name string `json:"name"`
	// To is the destination and its port, "" where no rule redirects what comes in by the port.
	To string `json:"to,omitempty"`
}

// PolicyStatus is a NetworkPolicy that applies to the router's pods.
type PolicyStatus struct {
	Name string `json:"name"`
	// From are who it allows, in words; empty for nobody.
	From []string `json:"from"`
}

// healthy tells that there is nothing to fix: the router is ready, and no finding on it weighs more than an info.
func (s StatusJSON) healthy() bool {
	return s.Ready && len(finding.AtLeast(s.Findings, finding.Warning)) == 0
}
