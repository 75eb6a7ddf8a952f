package snapshot

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

func router() Router {
	var r Router
	r.Namespace, r.Name, r.Provisioner = "billing", "partner-a", egress.Standalone
	r.CreationTimestamp = metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	return r
}

func TestNodesFor(t *testing.T) {
	taint := func(key string, effect corev1.TaintEffect) []corev1.Taint {
		return []corev1.Taint{{Key: key, Effect: effect}}
	}
	nodes := []Node{
		{Name: "plain"},
		{Name: "cordoned", Unschedulable: true},
		{Name: "labelled", Labels: map[string]string{"egress": "yes"}},
		{Name: "lost", Taints: taint("node.kubernetes.io/unreachable", corev1.TaintEffectNoExecute)},
		{Name: "reserved", Taints: taint("gpu", corev1.TaintEffectNoSchedule)},
		{Name: "unloved", Taints: taint("gpu", corev1.TaintEffectPreferNoSchedule)},
	}
	here := []Pod{{Namespace: "billing", Labels: egress.Labels("partner-a"), Node: "cordoned"}}
	tests := []struct {
		name string
		spec *corev1.PodSpec
		pods []Pod
		want []string
	}{
		{"no Deployment", nil, nil, []string{"plain", "labelled", "lost", "unloved"}},
		{"any", &corev1.PodSpec{}, nil, []string{"plain", "labelled", "lost", "unloved"}},
		{"a selector", &corev1.PodSpec{NodeSelector: map[string]string{"egress": "yes"}}, nil, []string{"labelled"}},
		{"a toleration", &corev1.PodSpec{Tolerations: []corev1.Toleration{{Key: "gpu", Operator: corev1.TolerationOpExists}}}, nil,
			[]string{"plain", "labelled", "lost", "reserved", "unloved"}},
		{"the pod is there", &corev1.PodSpec{NodeSelector: map[string]string{"egress": "yes"}}, here, []string{"cordoned", "labelled"}},
		{"a selector that is none", &corev1.PodSpec{NodeSelector: map[string]string{"-": "%"}}, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &Snapshot{Nodes: nodes, Pods: test.pods}
			if test.spec != nil {
				s.Deployments = []Deployment{{Namespace: "billing", Name: "partner-a", Template: *test.spec}}
			}
			var got []string
			for _, n := range s.Index().NodesFor(router()) {
				got = append(got, n.Name)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	unread := &Snapshot{Pods: here}
	if got := unread.Index().NodesFor(router()); len(got) != 1 || got[0].Name != "cordoned" {
		t.Errorf("the pod's node counts where nodes cannot be read: got %v", got)
	}
}

func TestPods(t *testing.T) {
	pod := func(name string, ready, deleting bool, at int64) Pod {
		return Pod{Namespace: "billing", Name: name, Labels: egress.Labels("partner-a"), Ready: ready, Deleting: deleting, Created: time.Unix(at, 0)}
	}
	other := pod("other", true, false, 9)
	other.Namespace = "shop"
	s := &Snapshot{Pods: []Pod{pod("old", true, false, 1), pod("new", true, false, 2), pod("newest", false, false, 3), pod("going", true, true, 4), other}}
	if got := len(s.Index().AllPodsOf(router())); got != 4 {
		t.Errorf("got %d pods", got)
	}
	if got := len(s.Index().PodsOf(router())); got != 3 {
		t.Errorf("got %d pods that are to stay", got)
	}
	if got := s.Index().PodOf(router()); got == nil || got.Name != "new" {
		t.Errorf("got %+v", got)
	}
}

func TestPoliciesOf(t *testing.T) {
	policy := func(namespace, name string, match map[string]string) NetworkPolicy {
		return NetworkPolicy{Namespace: namespace, Name: name, Pods: metav1.LabelSelector{MatchLabels: match}}
	}
	s := &Snapshot{NetworkPolicies: []NetworkPolicy{
		policy("billing", "all", nil), policy("billing", "ours", egress.Labels("partner-a")),
		policy("billing", "others", egress.Labels("partner-b")), policy("shop", "all", nil), policy("billing", "broken", map[string]string{"-": "%"}),
	}}
	var got []string
	for _, p := range s.Index().PoliciesOf(router()) {
		got = append(got, p.Name)
	}
	if want := []string{"all", "ours"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFile(t *testing.T) {
	s := &Snapshot{
		Taken: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Routers: []Router{router()},
		Nodes:   []Node{{Name: "b"}, {Name: "a", Taints: []corev1.Taint{{Key: "x", Effect: "NoSchedule"}}}},
		Unknown: []Unknown{{Resource: "pods", Reason: "<forbidden>"}},
	}
	s.Sort()
	var b strings.Builder
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := Load([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Routers[0].CreationTimestamp.Equal(&s.Routers[0].CreationTimestamp) {
		t.Errorf("got %v", got.Routers[0].CreationTimestamp)
	}
	got.Routers[0].CreationTimestamp = s.Routers[0].CreationTimestamp
	if !reflect.DeepEqual(got, s) {
		t.Errorf("got %+v, want %+v", got, s)
	}
	for text, want := range map[string]string{
		"x":  "no JSON",
		"{}": `it is "" of ""`,
		`{"kind":"Snapshot","apiVersion":"kubectl-egress.io/v1alpha1","more":1}`:                       "unknown field",
		`{"kind":"Snapshot","apiVersion":"kubectl-egress.io/v1alpha1","nodes":[{"name":"$(reboot)"}]}`: "invalid name",
	} {
		if _, err := Load([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
