package read

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// The annotations by which a CNI tells a node's own addresses with their prefix lengths.
const (
	ovnHostCIDRs  = "k8s.ovn.org/host-cidrs"
	ovnPrimary    = "k8s.ovn.org/node-primary-ifaddr"
	ovnPodSubnets = "k8s.ovn.org/node-subnets"
	calicoAddress = "projectcalico.org/IPv4Address"
)

func addNode(s *snapshot.Snapshot, node *corev1.Node) error {
	n := snapshot.Node{
		Name: node.Name, ProviderID: node.Spec.ProviderID, SystemUUID: node.Status.NodeInfo.SystemUUID,
		CIDRs: hostCIDRs(node.Annotations), Labels: node.Labels, Taints: node.Spec.Taints,
		Unschedulable: node.Spec.Unschedulable, PodCIDRs: podCIDRs(node), CNI: cniOf(node.Annotations),
	}
	of := func(kind corev1.NodeAddressType) []string {
		some := collect.Filter(node.Status.Addresses, func(a corev1.NodeAddress) bool { return a.Type == kind })
		return collect.Map(some, func(a corev1.NodeAddress) string { return a.Address })
	}
	n.Addresses, n.Hostname = slices.Concat(of(corev1.NodeInternalIP), of(corev1.NodeExternalIP)), cmp.Or(of(corev1.NodeHostName)...)
	n.NotReady = notReady(node)
	n.Ready = n.NotReady == ""
	s.Nodes = append(s.Nodes, n)
	return nil
}

// notReady says why a node is not Ready, and since when; "" where it is.
func notReady(node *corev1.Node) string {
	for _, condition := range node.Status.Conditions {
		if condition.Type != corev1.NodeReady {
			continue
		}
		if condition.Status == corev1.ConditionTrue {
			return ""
		}
		reason := cmp.Or(condition.Reason, "Ready is "+string(condition.Status))
		return joined(reason, condition.Message) + " since " + condition.LastTransitionTime.UTC().Format(time.RFC3339)
	}
	return "its kubelet has never reported"
}

// hostCIDRs are the node's addresses with prefix lengths, as far as a CNI tells them.
func hostCIDRs(annotations map[string]string) []string {
	var out []string
	// What cannot be read names no subnet: that none is known is then said where one is needed.
	_ = json.Unmarshal([]byte(annotations[ovnHostCIDRs]), &out)
	var primary map[string]string
	_ = json.Unmarshal([]byte(annotations[ovnPrimary]), &primary)
	out = append(slices.AppendSeq(out, maps.Values(primary)), annotations[calicoAddress])
	return collect.Unique(slices.DeleteFunc(out, func(cidr string) bool { return !strings.Contains(cidr, "/") }))
}

// podCIDRs are the networks of the node's pods: what the controller manager gave it, or OVN-Kubernetes,
// which does so itself.
func podCIDRs(node *corev1.Node) []string {
	if len(node.Spec.PodCIDRs) > 0 {
		return node.Spec.PodCIDRs
	}
	var subnets map[string]any
	if json.Unmarshal([]byte(node.Annotations[ovnPodSubnets]), &subnets) != nil {
		return nil
	}
	return texts(subnets["default"]) // one text, as versions with one address family wrote it, or a list
}

// cniOf names the cluster network by the annotations that it leaves on nodes. Calico goes before flannel:
// where both are, flannel only carries packets between nodes, and pods get their routes from Calico.
func cniOf(annotations map[string]string) string {
	for _, of := range []struct{ prefix, name string }{
		{"k8s.ovn.org/", "ovn-kubernetes"},
		{"projectcalico.org/", "calico"},
		{"network.cilium.io/", "cilium"},
		{"io.cilium.network.", "cilium"},
		{"node.antrea.io/", "antrea"},
		{"kube-router.io/", "kube-router"},
		{"flannel.alpha.coreos.com/", "flannel"},
	} {
		for key := range annotations {
			if strings.HasPrefix(key, of.prefix) {
				return of.name
			}
		}
	}
	return ""
}
