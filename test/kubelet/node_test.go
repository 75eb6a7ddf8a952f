package kubelet

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestNodes(t *testing.T) {
	want := `[worker-1 192.168.12.11  ready=true taints=0 ["192.168.12.11/24"] worker-2 192.168.12.12 openstack:///2 ready=true taints=0 ["192.168.12.12/24"]]`
	eventually(t, "the nodes are "+want, func(ctx context.Context) (bool, error) {
		var nodes corev1.NodeList
		err := shared.client.List(ctx, &nodes)
		var got []string
		for _, node := range nodes.Items {
			got = append(got, fmt.Sprintf("%s %s %s ready=%t taints=%d %s",
				node.Name, internalIP(&node), node.Spec.ProviderID, ready(&node), len(node.Spec.Taints), node.Annotations["k8s.ovn.org/host-cidrs"]))
		}
		return fmt.Sprint(got) == want, err
	})
}

func TestRefusal(t *testing.T) {
	readyNode := func(change func(*corev1.Node)) *corev1.Node {
		node := newNode("n", []string{"192.168.12.11"}, "")
		change(node)
		return node
	}
	egress := &corev1.Pod{Spec: corev1.PodSpec{
		NodeSelector: map[string]string{"egress": "yes"},
		Tolerations:  []corev1.Toleration{{Key: "egress", Operator: corev1.TolerationOpExists}},
	}}
	for want, node := range map[string]*corev1.Node{
		"": readyNode(func(n *corev1.Node) {
			n.Labels["egress"] = "yes"
			n.Spec.Taints = []corev1.Taint{{Key: "egress", Effect: corev1.TaintEffectNoSchedule}}
		}),
		"node(s) didn't match Pod's node affinity/selector":              readyNode(func(*corev1.Node) {}),
		"node(s) were unschedulable":                                     readyNode(func(n *corev1.Node) { n.Spec.Unschedulable = true }),
		"node(s) had untolerated taint {node.kubernetes.io/not-ready: }": readyNode(func(n *corev1.Node) { n.Status.Conditions = nil }),
		"node(s) had untolerated taint {other: x}": readyNode(func(n *corev1.Node) {
			n.Spec.Taints = []corev1.Taint{{Key: "other", Value: "x", Effect: corev1.TaintEffectNoSchedule}}
		}),
	} {
		if got := refusal(egress, node); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestUnschedulableUntilANodeFits(t *testing.T) {
	b := newNamespace(t)
	b.pod(t, "p", "", map[string]string{"egress": "yes"})
	want := "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. " +
		"preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
	if got := b.awaitEvent(t, "p", "FailedScheduling"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if condition := b.get(t, "p").Status.Conditions[0]; condition.Reason != corev1.PodReasonUnschedulable || condition.Message != want {
		t.Errorf("got %+v", condition)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-2"}}
	b.patch(t, node, `{"metadata":{"labels":{"egress":"yes"}}}`)
	t.Cleanup(func() { b.patch(t, node, `{"metadata":{"labels":{"egress":null}}}`) })
	if pod := b.awaitRunning(t, "p"); pod.Spec.NodeName != "worker-2" {
		t.Errorf("it runs on %s", pod.Spec.NodeName)
	}
}

// A pod on a lost node neither ends nor starts, until the node is back.
func TestLostNode(t *testing.T) {
	b := newNamespace(t)
	b.create(t, newNode("lost", []string{"192.168.12.19"}, ""))
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "lost"}}
	t.Cleanup(func() { _ = shared.client.Delete(context.Background(), node) })
	pod := b.newPod("p", "", nil)
	pod.Spec.NodeName = "lost"
	b.create(t, pod)
	b.awaitRunning(t, "p")
	b.patchStatus(t, node, `{"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}`)
	if err := shared.client.Delete(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * pause)
	b.get(t, "p")
	b.patchStatus(t, node, `{"status":{"conditions":[{"type":"Ready","status":"True"}]}}`)
	eventually(t, "the pod is gone", func(ctx context.Context) (bool, error) {
		err := shared.client.Get(ctx, client.ObjectKeyFromObject(pod), &corev1.Pod{})
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
}
