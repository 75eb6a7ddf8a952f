package openstack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

func portIDs(l *lab) []string {
	var out []string
	for _, n := range l.seed.Nodes {
		out = append(out, n.PortID)
	}
	return out
}

func TestRivalThatHeedsRevisionsLosesNothing(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 5, MaxPairs: 20})
	ctx, stop := context.WithCancel(t.Context())
	added := l.Rival(ctx, portIDs(l), true, time.Millisecond)
	a := l.adapter(t, Options{MaxPairs: 20})
	for round := range 3 {
		var need []platform.Attachment
		for i := range l.seed.Nodes {
			need = append(need, l.at(10*round+i, i))
		}
		fixed(t, a, need...)
	}
	stop()
	there := map[fakeneutron.Pair]bool{}
	for i, n := range l.seed.Nodes {
		pairs := l.pairs(t, n.PortID)
		for _, p := range pairs {
			there[p] = true
		}
		for round := range 3 {
			if !there[pairOf(l.at(10*round+i, i))] {
				t.Errorf("port %d lost %v: %v", i, pairOf(l.at(10*round+i, i)), pairs)
			}
		}
	}
	for _, p := range added() {
		if !there[p] {
			t.Errorf("the rival lost %v", p)
		}
	}
}

// TestRivalWithoutRevisions has a rival write an old list back right after ours was written.
func TestRivalWithoutRevisions(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	theirs := fakeneutron.Pair{IP: "10.0.150.1", MAC: "fa:16:3e:00:00:05"}
	at := []platform.Attachment{l.at(0, 0), l.at(1, 1)}
	l.Inject(fakeneutron.Fault{Times: 1, Match: func(r fakeneutron.Request) bool {
		return r.Method == http.MethodGet && len(r.Query) > 3 && r.Query[len(r.Query)-36:] == lastID(l)
	},
		Then: func() { l.SetPairs(l.seed.Nodes[1].PortID, []fakeneutron.Pair{theirs}) }})
	e := &ends{}
	a := l.adapter(t, Options{})
	err := a.Apply(t.Context(), mustPlan(t, a, at...), e.done)
	if !errors.Is(err, errUndone) || len(e.errs) != 3 {
		t.Fatalf("%v, told %v", err, e.errs)
	}
	want := fmt.Sprintf("port %s (worker-2): what was added is gone: 10.0.200.2 with %s: another writer undid it: find who writes this port without its revision, and run the command again",
		l.seed.Nodes[1].PortID, at[1].MAC)
	if e.errs[2] == nil || e.errs[2].Error() != want {
		t.Errorf("told %v, want %s", e.errs[2], want)
	}
}

// lastID ends the query of the read-back, which lists IDs in order.
func lastID(l *lab) string { return max(l.seed.Nodes[0].PortID, l.seed.Nodes[1].PortID) }

func TestWithoutTheRevisionGuard(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2, NoRevisionGuard: true})
	a := l.adapter(t, Options{})
	plan := mustPlan(t, a, l.at(0, 0), l.at(1, 1))
	if len(plan.Notes) != 1 {
		t.Errorf("notes %q, want one about the missing guard", plan.Notes)
	}
	// Between our write and the look at it another writes an old list back, once.
	reads := 0
	l.Inject(fakeneutron.Fault{Match: func(r fakeneutron.Request) bool {
		if r.Method == http.MethodGet && r.Path == "/v2.0/ports/"+l.seed.Nodes[0].PortID {
			reads++
			return reads == 2
		}
		return false
	}, Then: func() { l.SetPairs(l.seed.Nodes[0].PortID, nil) }})
	mustApply(t, a, plan)
	for i, n := range l.seed.Nodes {
		if got := l.pairs(t, n.PortID); !samePairs(got, []fakeneutron.Pair{pairOf(l.at(i, i))}) {
			t.Errorf("port %d has %v", i, got)
		}
	}
	for _, r := range l.writes() {
		if r.IfMatch != "" {
			t.Errorf("sent If-Match %s to a Neutron that refuses it", r.IfMatch)
		}
	}
	if got := len(l.writes()); got != 3 {
		t.Errorf("%d writes, want 3: one was undone", got)
	}
}

func TestGuardIsSent(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	a := l.adapter(t, Options{})
	plan := mustPlan(t, a, l.at(0, 0))
	l.ChangePort(l.seed.Nodes[0].PortID, func(p *fakeneutron.Port) { p.Name = "renamed" })
	mustApply(t, a, plan)
	var got []string
	for _, r := range l.writes() {
		got = append(got, fmt.Sprintf("%s %d", r.IfMatch, r.Status))
	}
	if want := "[revision_number=1 412 revision_number=2 200]"; fmt.Sprint(got) != want {
		t.Errorf("sent %v, want %v: a rename moves the revision", got, want)
	}
}
