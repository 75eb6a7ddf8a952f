package read

import (
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// TestNode compares whole nodes, as the CNIs annotate them.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestNode(t *testing.T) {
	since := metav1.NewTime(noon)
	ready := corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastTransitionTime: since}
	tests := []struct {
		name string
		node func(*corev1.Node)
		want snapshot.Node
	}{
		{"plain", func(*corev1.Node) {}, snapshot.Node{Ready: true}},
		{"addresses", func(n *corev1.Node) {
			n.Status.Addresses = []corev1.NodeAddress{
				{Type: corev1.NodeExternalIP, Address: "198.51.100.1"}, {Type: corev1.NodeHostName, Address: "n1.example.com"}, {Type: corev1.NodeInternalIP, Address: "192.168.12.11"}}
			n.Spec.ProviderID, n.Status.NodeInfo.SystemUUID = "openstack:///1", "4c4c"
		}, snapshot.Node{Ready: true, Addresses: []string{"192.168.12.11", "198.51.100.1"}, Hostname: "n1.example.com", ProviderID: "openstack:///1", SystemUUID: "4c4c"}},
		{"OVN-Kubernetes", func(n *corev1.Node) {
			n.Annotations = map[string]string{
				"k8s.ovn.org/host-cidrs":          `["192.168.12.11/24","10.9.0.1/16"]`,
				"k8s.ovn.org/node-primary-ifaddr": `{"ipv4":"192.168.12.11/24"}`,
				"k8s.ovn.org/node-subnets":        `{"default":["10.128.2.0/23"]}`,
			}
		}, snapshot.Node{Ready: true, CNI: "ovn-kubernetes", CIDRs: []string{"10.9.0.1/16", "192.168.12.11/24"}, PodCIDRs: []string{"10.128.2.0/23"}}},
		{"an older OVN-Kubernetes", func(n *corev1.Node) {
			n.Annotations = map[string]string{"k8s.ovn.org/host-cidrs": `["192.168.12.11"]`, "k8s.ovn.org/node-subnets": `{"default":"10.128.2.0/23"}`}
		}, snapshot.Node{Ready: true, CNI: "ovn-kubernetes", PodCIDRs: []string{"10.128.2.0/23"}}},
		{"Calico over flannel", func(n *corev1.Node) {
			n.Annotations = map[string]string{"projectcalico.org/IPv4Address": "192.168.12.11/24", "flannel.alpha.coreos.com/public-ip": "192.168.12.11"}
			n.Spec.PodCIDRs = []string{"10.244.0.0/24"}
		}, snapshot.Node{Ready: true, CNI: "calico", CIDRs: []string{"192.168.12.11/24"}, PodCIDRs: []string{"10.244.0.0/24"}}},
		{"flannel", func(n *corev1.Node) { n.Annotations = map[string]string{"flannel.alpha.coreos.com/public-ip": "x"} }, snapshot.Node{Ready: true, CNI: "flannel"}},
		{"Cilium", func(n *corev1.Node) { n.Annotations = map[string]string{"network.cilium.io/ipv4-cilium-host": "x"} }, snapshot.Node{Ready: true, CNI: "cilium"}},
		{"Antrea", func(n *corev1.Node) { n.Annotations = map[string]string{"node.antrea.io/mac-address": "x"} }, snapshot.Node{Ready: true, CNI: "antrea"}},
		{"kube-router", func(n *corev1.Node) { n.Annotations = map[string]string{"kube-router.io/pod-cidr": "x"} }, snapshot.Node{Ready: true, CNI: "kube-router"}},
		{"annotations that are none", func(n *corev1.Node) {
			n.Annotations = map[string]string{"k8s.ovn.org/host-cidrs": `{`, "k8s.ovn.org/node-primary-ifaddr": `[]`, "k8s.ovn.org/node-subnets": `{"default":7}`}
		}, snapshot.Node{Ready: true, CNI: "ovn-kubernetes"}},
		{"lost", func(n *corev1.Node) {
			n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Reason: "NodeStatusUnknown",
				Message: "Kubelet stopped posting node status.", LastTransitionTime: since}}
		}, snapshot.Node{NotReady: "NodeStatusUnknown (Kubelet stopped posting node status.) since 2026-03-01T12:00:00Z"}},
		{"without a reason", func(n *corev1.Node) {
			n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse, LastTransitionTime: since}}
		}, snapshot.Node{NotReady: "Ready is False since 2026-03-01T12:00:00Z"}},
		{"new", func(n *corev1.Node) { n.Status.Conditions = nil }, snapshot.Node{NotReady: "its kubelet has never reported"}},
		{"cordoned", func(n *corev1.Node) {
			n.Spec.Unschedulable, n.Spec.Taints = true, []corev1.Taint{{Key: "dedicated", Effect: corev1.TaintEffectNoSchedule}}
		}, snapshot.Node{Ready: true, Unschedulable: true, Taints: []corev1.Taint{{Key: "dedicated", Effect: corev1.TaintEffectNoSchedule}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}}
			node.Status.Conditions = []corev1.NodeCondition{ready}
			test.node(node)
			var s snapshot.Snapshot
			if err := addNode(&s, node); err != nil {
				t.Fatal(err)
			}
			test.want.Name = "n"
			got := s.Nodes[0]
			if len(got.CIDRs) == 0 {
				got.CIDRs = nil
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, test.want)
			}
		})
	}
}

// TestEventOf: events of either API have a time and a count.
func TestEventOf(t *testing.T) {
	series := &corev1.EventSeries{Count: 3, LastObservedTime: metav1.NewMicroTime(noon.Add(time.Minute))}
	for name, test := range map[string]struct {
		event corev1.Event
		want  snapshot.Event
	}{
		"of old":    {corev1.Event{Count: 2, LastTimestamp: metav1.NewTime(noon)}, snapshot.Event{Count: 2, Last: noon}},
		"once":      {corev1.Event{EventTime: metav1.NewMicroTime(noon)}, snapshot.Event{Last: noon}},
		"in series": {corev1.Event{EventTime: metav1.NewMicroTime(noon), Series: series}, snapshot.Event{Count: 3, Last: noon.Add(time.Minute)}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := eventOf(&test.event); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
