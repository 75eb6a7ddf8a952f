package read

import (
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// TestPod compares whole pods, in the states that checks tell apart.
func TestPod(t *testing.T) {
	now := metav1.NewTime(noon)
	conditions := func(status corev1.ConditionStatus) []corev1.PodCondition {
		return []corev1.PodCondition{{Type: corev1.PodReady, Status: status, LastTransitionTime: now}}
	}
	network := func(status string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Annotations = map[string]string{egress.AnnotationNetworkStatus: status} }
	}
	tests := []struct {
		name string
		pod  func(*corev1.Pod)
		want func(*snapshot.Pod)
	}{
		{"just made", func(*corev1.Pod) {}, func(*snapshot.Pod) {}},
		{"serves", func(p *corev1.Pod) {
			network(`[{"name":"ovn-kubernetes","interface":"eth0","ips":["10.128.0.9"],"default":true},{"name":"billing/nad","interface":"net1","ips":["192.168.12.99"],"mac":"02:e6:c0:a8:0c:63"}]`)(p)
			p.Annotations[egress.AnnotationNADHash] = "44f6"
			p.Spec.NodeName, p.Status.PodIP, p.Status.Phase, p.Status.Conditions = "worker-1", "10.128.0.9", corev1.PodRunning, conditions(corev1.ConditionTrue)
		}, func(p *snapshot.Pod) {
			p.Node, p.PodIP, p.Phase, p.State, p.Ready, p.ReadySince = "worker-1", "10.128.0.9", "Running", "Running", true, noon
			p.Network, p.IP, p.MAC, p.Attachment, p.NADHash = "ovn-kubernetes", "192.168.12.99", "02:e6:c0:a8:0c:63", "billing/nad", "44f6"
		}},
		{"on its way out of a lost node", func(p *corev1.Pod) {
			p.DeletionTimestamp, p.Status.Phase, p.Status.Conditions = &now, corev1.PodRunning, conditions(corev1.ConditionFalse)
		}, func(p *snapshot.Pod) { p.Deleting, p.Phase, p.State, p.ReadySince = true, "Running", "Running", noon }},
		{"without net1", network(`[{"name":"cbr0","interface":"eth0","default":true}]`), func(p *snapshot.Pod) { p.Network = "cbr0" }},
		{"without an address on net1", network(`[{"name":"x","interface":"net1","mac":"02:e6:c0:a8:0c:63"}]`), func(p *snapshot.Pod) { p.MAC, p.Attachment = "02:e6:c0:a8:0c:63", "x" }},
		{"of a ReplicaSet", func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "r-5d4f"}, {APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "q-5d4f", Controller: new(true)}}
		}, func(p *snapshot.Pod) { p.Owner = "q-5d4f" }},
		{"of another kind", func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "r-5d4f", Controller: new(true)}}
		}, func(*snapshot.Pod) {}},
		{"labels of others", func(p *corev1.Pod) { p.Labels["owner"] = "team" }, func(*snapshot.Pod) {}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "billing", Name: "p", UID: "1", CreationTimestamp: now, Labels: map[string]string{"app": "egress-router-cni"}}}
			want := snapshot.Pod{Namespace: "billing", Name: "p", UID: "1", Created: noon, Labels: map[string]string{"app": "egress-router-cni"}, State: "Pending"}
			test.pod(pod)
			test.want(&want)
			var s snapshot.Snapshot
			if err := addPod(&s, pod); err != nil {
				t.Fatal(err)
			}
			if got := s.Pods[0]; !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
		})
	}
	var s snapshot.Snapshot
	ill := &corev1.Pod{}
	network("{")(ill)
	if err := addPod(&s, ill); err != nil || !strings.HasPrefix(s.Pods[0].StatusError, "reading its network-status: ") || s.Pods[0].IP != "" {
		t.Errorf("a network-status that is none: %+v, %v", s.Pods[0], err)
	}
}
