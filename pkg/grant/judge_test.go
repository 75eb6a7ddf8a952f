package grant_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// router was created at that hour; 0 is one that is not created yet.
func router(namespace, name, address string, hour int) snapshot.Router {
	r := snapshot.Router{Provisioner: egress.Standalone}
	r.Namespace, r.Name = namespace, name
	if hour > 0 {
		r.CreationTimestamp = metav1.NewTime(time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC))
	}
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: address}}
	return r
}

func cluster(routers ...snapshot.Router) *snapshot.Snapshot {
	return &snapshot.Snapshot{Routers: routers}
}

// TestJudge: the verdict about each router, and the command that would grant it.
func TestJudge(t *testing.T) {
	data := map[string]string{
		"billing": "192.168.12.96/29,192.168.12.98", "shop": "10.0.0.0/24,10.0.9.9", "shop.max": "2", "shop.nodes": "egress in (b,a)",
		"web": "web", "left": "172.16.0.0/16", "right": "172.16.3.0/24,172.17.0.1", "bare.max": "1",
	}
	s := cluster(
		router("billing", "in", "192.168.12.99/24", 1), router("billing", "named", "192.168.12.98/24", 2),
		router("billing", "out", "192.168.12.104/24", 3), router("billing", "none", "web", 4), router("billing", "six", "2001:db8::1/64", 5),
		router("shop", "new", "10.0.0.1/24", 0), router("shop", "b", "10.0.0.2/24", 3), router("shop", "a", "10.0.0.3/24", 3),
		router("shop", "foreign", "10.0.3.4/24", 1), router("shop", "old", "10.0.9.9", 2),
		router("web", "unread", "10.0.0.5/24", 1), router("nobody", "ungranted", "10.0.0.5/24", 1), router("bare", "limited", "10.0.0.5/24", 1),
		router("left", "shared", "172.16.3.7/24", 1), router("left", "own", "172.16.4.7/24", 1), router("right", "own", "172.17.0.1/24", 1),
	)
	g := grant.Parse(data)
	got := g.Judge(s)
	for key, want := range map[string]struct {
		answer       grant.Answer
		names        bool
		why, command string
	}{
		"billing/in":    {answer: grant.Yes},
		"billing/named": {answer: grant.Yes, names: true},
		"billing/out": {answer: grant.No, why: "namespace billing is not granted 192.168.12.104: it is granted 192.168.12.96/29, 192.168.12.98",
			command: "kubectl egress grant billing --addresses=192.168.12.96/29,192.168.12.98,192.168.12.104"},
		"billing/none": {answer: grant.No, why: "router billing/none has no valid address, so its namespace's grant cannot hold it"},
		"billing/six":  {answer: grant.No, why: "namespace billing is not granted 2001:db8::1: "},
		"shop/old":     {answer: grant.Yes, names: true},
		"shop/a":       {answer: grant.Yes},
		"shop/b": {answer: grant.No, why: "namespace shop is granted 2 routers: old, a came before b",
			command: "kubectl egress grant shop --addresses=10.0.0.0/24,10.0.9.9 '--nodes=egress in (a,b)' --max=3"},
		"shop/new": {answer: grant.No, why: "namespace shop is granted 2 routers: old, a came before new",
			command: "kubectl egress grant shop --addresses=10.0.0.0/24,10.0.9.9 '--nodes=egress in (a,b)' --max=4"},
		"shop/foreign": {answer: grant.No, why: "namespace shop is not granted 10.0.3.4: ", command: "kubectl egress grant shop --addresses=10.0.0.0/24,10.0.3.4,10.0.9.9 '--nodes=egress in (a,b)' --max=2"},
		"web/unread": {answer: grant.Unknown, why: `the grant of namespace web cannot be read: key web of ConfigMap kubectl-egress/grants: "web" is not`,
			command: "kubectl egress grant list"},
		"nobody/ungranted": {answer: grant.No, why: "namespace nobody is granted no address", command: "kubectl egress grant nobody --addresses=10.0.0.5"},
		"bare/limited":     {answer: grant.No, why: "namespace bare is granted no address", command: "kubectl egress grant bare --addresses=10.0.0.5"},
		"left/shared":      {answer: grant.Unknown, why: "172.16.3.7 is granted to more than one namespace: left, right", command: "kubectl egress grant list"},
		"left/own":         {answer: grant.Yes},
		"right/own":        {answer: grant.Yes, names: true},
	} {
		verdict := got[key]
		if verdict.Allowed != want.answer || verdict.Names != want.names || (verdict.Why == "") != (want.why == "") || !strings.HasPrefix(verdict.Why, want.why) {
			t.Errorf("%s: got %+v, want %+v", key, verdict, want)
		}
		for _, r := range s.Routers {
			if command := g.Command(finding.Caller{}, &r.EgressRouter, verdict); egress.Key(&r.EgressRouter) == key && command != want.command {
				t.Errorf("%s: the command is %q, want %q", key, command, want.command)
			}
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("also judged %v", slices.Collect(maps.Keys(got)))
	}
}

// TestJudgeShared: of two routers that share a name the worse verdict counts, whatever their order.
func TestJudgeShared(t *testing.T) {
	g := grant.Parse(map[string]string{"billing": "10.0.0.0/24"})
	in, out := router("billing", "partner-a", "10.0.0.1", 1), router("billing", "partner-a", "10.0.1.1", 2)
	out.Provisioner = egress.Operator
	for _, s := range []*snapshot.Snapshot{cluster(in, out), cluster(out, in)} {
		if verdict := g.Judge(s)["billing/partner-a"]; verdict.Allowed != grant.No {
			t.Errorf("got %+v", verdict)
		}
	}
}

// TestJudgeMany: 10,000 routers of 1,000 namespaces take no product of the two.
func TestJudgeMany(t *testing.T) {
	data, s := map[string]string{}, &snapshot.Snapshot{}
	for i := range 1000 {
		namespace := fmt.Sprintf("team-%d", i)
		data[namespace] = fmt.Sprintf("10.%d.%d.0/24", i/250, i%250)
		for j := range 10 {
			s.Routers = append(s.Routers, router(namespace, fmt.Sprintf("partner-%d", j), fmt.Sprintf("10.%d.%d.%d/16", i/250, i%250, j+1), j+1))
		}
	}
	start := time.Now()
	g := grant.Parse(data)
	verdicts := g.Judge(s)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	if len(verdicts) != 10000 || len(g.Problems()) > 0 {
		t.Errorf("got %d verdicts, problems %v", len(verdicts), g.Problems())
	}
	for key, verdict := range verdicts {
		if verdict.Allowed != grant.Yes {
			t.Fatalf("%s: %+v", key, verdict)
		}
	}
}

// TestAllowsNode: on which nodes the routers of a namespace may run.
func TestAllowsNode(t *testing.T) {
	g := grant.Parse(map[string]string{"billing": "10.0.0.0/24", "shop": "10.0.1.0/24", "shop.nodes": "egress=yes,!gpu", "web": "x"})
	node := func(labels map[string]string) snapshot.Node { return snapshot.Node{Name: "worker-1", Labels: labels} }
	for _, test := range []struct {
		namespace string
		labels    map[string]string
		want      grant.Answer
		why       string
	}{
		{"billing", nil, grant.Yes, ""},
		{"shop", map[string]string{"egress": "yes"}, grant.Yes, ""},
		{"shop", map[string]string{"egress": "yes", "gpu": ""}, grant.No, "namespace shop is granted nodes with egress=yes,!gpu only: worker-1 is another"},
		{"shop", nil, grant.Unknown, "namespace shop is granted nodes with egress=yes,!gpu only, and the labels of node worker-1 are not known"},
		{"web", nil, grant.Unknown, "the grant of namespace web cannot be read: "},
		{"nobody", nil, grant.No, "namespace nobody is granted no address"},
	} {
		if got, why := g.AllowsNode(test.namespace, node(test.labels)); got != test.want || (why == "") != (test.why == "") || !strings.HasPrefix(why, test.why) {
			t.Errorf("%s on a node with %v: got %s %q, want %s %q", test.namespace, test.labels, got, why, test.want, test.why)
		}
	}
}

// TestList: who has what, what is free, and at the end who has routers without a grant.
func TestList(t *testing.T) {
	g := grant.Parse(map[string]string{"billing": "192.168.12.96/29,192.168.12.98", "billing.nodes": "egress=yes", "billing.max": "4", "shop": "web", "web": "0.0.0.0/0"})
	got := g.List(cluster(
		router("billing", "z", "192.168.12.97/24", 1), router("billing", "a", "10.0.0.1/24", 2), router("billing", "b", "192.168.12.98/24", 3),
		router("nobody", "x", "192.168.12.99/24", 1), router("anybody", "y", "web", 1),
	))
	var lines []string
	for _, e := range got {
		line := fmt.Sprintf("%s %v %q %d %d %v", e.Namespace, e.Addresses, e.Nodes, e.Max, e.Free, e.Problem != "")
		for _, use := range e.Routers {
			line += fmt.Sprintf(" %s=%s:%s", use.Router, use.Address, use.Allowed)
		}
		lines = append(lines, line)
	}
	want := []string{
		`billing [192.168.12.96/29 192.168.12.98] "egress=yes" 4 5 true b=192.168.12.98:unknown z=192.168.12.97:unknown a=10.0.0.1:no`,
		`shop [] "" 0 0 true`,
		`web [0.0.0.0/0] "" 0 4294967292 true`,
		`anybody [] "" 0 0 false y=web:no`,
		`nobody [] "" 0 0 false x=192.168.12.99:no`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	var none *grant.Grants
	if got := none.List(cluster(router("nobody", "x", "10.0.0.1/24", 1))); len(got) != 1 || got[0].Routers[0].Allowed != grant.No {
		t.Errorf("without grants: got %+v", got)
	}
}
