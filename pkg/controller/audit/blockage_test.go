package audit

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// vsphere are the words of an audit of vSphere.
func vsphere(flags ...string) Options {
	return Options{Title: "vSphere", Preflight: finding.Run{Verb: []string{"preflight", "vsphere"}, Flags: flags}}
}

func partner() snapshot.Router {
	r := snapshot.Router{Provisioner: egress.Standalone}
	r.Namespace, r.Name = "billing", "partner-a"
	return r
}

func TestBlockages(t *testing.T) {
	permission := func(router, node string, allowed platform.Answer, why string) platform.Permission {
		return platform.Permission{Router: router, Node: node, Allowed: allowed, Why: why}
	}
	got := blockages([]platform.Permission{
		permission("billing/partner-a", "worker-1", platform.Yes, ""),
		permission("billing/partner-a", "worker-2", platform.No, "EGR402: x"),
		permission("billing/partner-a", "worker-3", platform.Unknown, "EGR401: z"),
		permission("billing/partner-a", "worker-4", platform.No, "EGR404: y"),
		permission("billing/partner-a", "worker-5", platform.No, "EGR402: x"),
		permission("billing/partner-b", "worker-1", platform.Yes, ""),
		permission("billing/partner-c", "worker-1", platform.Unknown, "EGR401: z"),
	})
	want := map[string]*blockage{
		"billing/partner-a": {
			rejects: []cause{{"EGR402: x", []string{"worker-2", "worker-5"}}, {"EGR404: y", []string{"worker-4"}}},
			unknown: []cause{{"EGR401: z", []string{"worker-3"}}},
		},
		"billing/partner-c": {rejects: []cause{}, unknown: []cause{{"EGR401: z", []string{"worker-1"}}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v", got)
	}
	a, c := got["billing/partner-a"], got["billing/partner-c"]
	for text, want := range map[string]string{
		a.text(partner(), vsphere()): "vSphere rejects its frames on worker-2, worker-5 (EGR402: x), worker-4 (EGR404: y); " +
			"unknown whether vSphere lets its frames through on worker-3 (EGR401: z): fix it with kubectl egress preflight vsphere partner-a -n billing --fix",
		c.text(partner(), vsphere("--require=docs")): "unknown whether vSphere lets its frames through on worker-1 (EGR401: z): " +
			"look with kubectl egress preflight vsphere partner-a -n billing --require=docs",
		a.reason() + " " + c.reason(): "PolicyRejects PolicyUnknown",
		strings.Join([]string{a.newNode(nil), a.newNode([]string{"worker-2", "worker-5"}), a.newNode(a.nodes())}, " "): "worker-2 worker-4 worker-2",
	} {
		if text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
	}
}

// TestNoteFits: whatever vCenter's names are, the API server takes the note, and what fixes it is in it.
func TestNoteFits(t *testing.T) {
	var permissions []platform.Permission
	for i := range 40 {
		why := fmt.Sprintf("EGR402: forged transmits are rejected on Größe-%d\x1b[31m%s", i%20, strings.Repeat("ü", 40))
		permissions = append(permissions, platform.Permission{Router: "billing/partner-a", Node: fmt.Sprintf("worker-%d.cluster.example.com", i), Allowed: platform.No, Why: why})
	}
	const longestNote = 1024
	text := blockages(permissions)["billing/partner-a"].text(partner(), vsphere())
	if len(text) > longestNote || len(text) < longestNote-8 || !utf8.ValidString(text) || strings.ContainsRune(text, '\x1b') {
		t.Errorf("%d bytes: %q", len(text), text)
	}
	if !strings.HasSuffix(text, "...: fix it with kubectl egress preflight vsphere partner-a -n billing --fix") {
		t.Errorf("it ends %q", text[len(text)-100:])
	}
	one := &blockage{rejects: []cause{{why: "EGR402"}}}
	for i := range 7 {
		one.rejects[0].nodes = append(one.rejects[0].nodes, fmt.Sprint(i))
	}
	if got := one.text(partner(), vsphere()); !strings.HasPrefix(got, "vSphere rejects its frames on 0, 1, 2, 3, 4 and 2 more (EGR402): ") {
		t.Errorf("got %s", got)
	}
}

// TestQuestionByNamespace: a router gets the pod and the Deployment of its own namespace, every node that these allow, and
// the same question is the same.
func TestQuestionByNamespace(t *testing.T) {
	const namespaces, nodes = 3, 4
	held := func() *snapshot.Snapshot { return crowd(namespaces, nodes) }
	q := questionOf(held(), true)
	if len(q.routers) != namespaces || len(q.need) != namespaces*nodes {
		t.Fatalf("%d routers, %d attachments", len(q.routers), len(q.need))
	}
	for i, at := range q.need {
		wantActive := i%nodes == (i/nodes)%nodes
		if at.Router != fmt.Sprintf("team-%03d/partner-a", i/nodes) || at.Node.Name != fmt.Sprintf("worker-%03d", i%nodes) || at.Active != wantActive {
			t.Errorf("attachment %d is %+v", i, at)
		}
	}
	if !q.same(questionOf(held(), true)) || q.same(nil) {
		t.Error("the same question is another")
	}
	other := held()
	other.Nodes = slices.Delete(other.Nodes, 0, 1)
	recreated := held()
	recreated.Routers[0].UID = "another"
	for _, s := range []*snapshot.Snapshot{other, recreated} {
		if q.same(questionOf(s, true)) {
			t.Error("another question is the same")
		}
	}
}

// crowd is a cluster with a router in each namespace.
func crowd(namespaces, nodes int) *snapshot.Snapshot {
	s := &snapshot.Snapshot{}
	for i := range nodes {
		s.Nodes = append(s.Nodes, snapshot.Node{Name: fmt.Sprintf("worker-%03d", i), ProviderID: fmt.Sprintf("vsphere://%d", i), Addresses: []string{"192.0.2.1"}})
	}
	for i := range namespaces {
		r := partner()
		r.Namespace = fmt.Sprintf("team-%03d", i)
		r.Spec.Addresses = append(r.Spec.Addresses, nov1.EgressRouterAddress{IP: fmt.Sprintf("10.0.%d.%d/16", i/250, i%250)})
		s.Routers = append(s.Routers, r)
		s.Deployments = append(s.Deployments, snapshot.Deployment{Namespace: r.Namespace, Name: r.Name})
		s.Pods = append(s.Pods, snapshot.Pod{Namespace: r.Namespace, Labels: egress.Labels(r.Name), Node: fmt.Sprintf("worker-%03d", i%nodes)})
	}
	return s
}

func BenchmarkQuestion(b *testing.B) {
	held := crowd(1000, 200)
	for b.Loop() {
		if q := questionOf(held, true); len(q.need) != 200_000 {
			b.Fatal(len(q.need))
		}
	}
}

func BenchmarkSame(b *testing.B) {
	one, other := questionOf(crowd(1000, 200), true), questionOf(crowd(1000, 200), true)
	for b.Loop() {
		if !one.same(other) {
			b.Fatal("the same question is another")
		}
	}
}
