package openstack

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// ownAt is router 0 with its pod on a seeded node, with the MAC that this tool gives.
func (l *lab) ownAt(node int) platform.Attachment {
	at := l.at(0, node)
	p, _ := OwnPair(at.IP.Addr())
	at.MAC = p.MAC
	return at
}

// TestOwnPairsNeedNoRecord: a pair that is its own record is written, follows its pod, is found again by whoever comes
// after, and goes with its router, and nothing of that is ever recorded.
func TestOwnPairsNeedNoRecord(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 3})
	move := func(node int) *Result {
		k, s := l.keeper(t, Options{Prune: true})
		r, err := k.CarryOut(t.Context(), k.mustPlan(t, l.ownAt(node)), func(platform.Change, error) {})
		if err != nil || len(s.log) > 0 {
			t.Fatalf("%v, recorded %q", err, s.log)
		}
		for i, n := range l.seed.Nodes {
			if got, want := len(l.pairs(t, n.PortID)), map[bool]int{true: 1}[i == node]; got != want {
				t.Errorf("with the pod on node %d port %d has %d pairs", node, i, got)
			}
		}
		return r
	}
	move(0)
	r := move(1)
	here := map[string][]Pair{"egress/r0": {{l.seed.Nodes[1].PortID, "10.0.200.1", "02:e6:0a:00:c8:01"}}}
	there := map[string][]Pair{"egress/r0": {{l.seed.Nodes[0].PortID, "10.0.200.1", "02:e6:0a:00:c8:01"}}}
	if !reflect.DeepEqual(r.Before, there) || !reflect.DeepEqual(r.Recorded, here) {
		t.Errorf("before %v, after %v", r.Before, r.Recorded)
	}

	// The router is gone, and nobody knows where its pod was.
	l.allow(l.seed.Nodes[1].PortID, fakeneutron.Pair{IP: "10.0.200.2", MAC: "02:e6:0a:00:c8:02"})
	k, s := l.keeper(t, Options{})
	own, _ := OwnPair(reservedAddress(0))
	if err := k.TakeBack(t.Context(), map[string][]Pair{"egress/r0": {own}}, nil); err != nil || len(s.log) > 0 {
		t.Errorf("%v, recorded %q", err, s.log)
	}
	if got := l.pairs(t, l.seed.Nodes[1].PortID); len(got) != 1 || got[0].IP != "10.0.200.2" {
		t.Errorf("left are %v", got)
	}
}

// TestOwnPairsKilled: after a kill at any write of a move, the next run, which knows nothing, completes it.
func TestOwnPairsKilled(t *testing.T) {
	for n := range 2 {
		for _, cut := range []fakeneutron.Cut{fakeneutron.CutBefore, fakeneutron.CutAfter} {
			l := newLab(t, fakeneutron.Options{Ports: 2})
			l.SetPairs(l.seed.Nodes[0].PortID, []fakeneutron.Pair{pairOf(l.ownAt(0))})
			killed, _ := l.keeper(t, Options{Prune: true})
			plan := killed.mustPlan(t, l.ownAt(1))
			heal := l.Inject(fakeneutron.Fault{Match: func(r fakeneutron.Request) bool { return r.Method == http.MethodPut }, Skip: n, Times: 100, Cut: cut})
			if _, err := killed.CarryOut(t.Context(), plan, func(platform.Change, error) {}); err != nil {
				t.Logf("killed at write %d: %v", n, err)
			}
			heal()
			next, _ := l.keeper(t, Options{Prune: true})
			if _, err := next.CarryOut(t.Context(), next.mustPlan(t, l.ownAt(1)), func(platform.Change, error) {}); err != nil {
				t.Fatal(err)
			}
			if old, now := l.pairs(t, l.seed.Nodes[0].PortID), l.pairs(t, l.seed.Nodes[1].PortID); len(old) != 0 || len(now) != 1 {
				t.Errorf("killed at write %d: %v and %v", n, old, now)
			}
		}
	}
}

// TestOwnPairsOfOthers: the form alone is not enough: not for another router's address, and not on a port that is not a node's.
func TestOwnPairsOfOthers(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	stays := fakeneutron.Pair{IP: "10.0.200.9", MAC: "02:e6:0a:00:c8:09"}
	l.allow(l.seed.Nodes[0].PortID, stays)
	l.allow(l.seed.Nodes[1].PortID, pairOf(l.ownAt(0)))
	k, _ := l.keeper(t, Options{Prune: true})
	k.options.Nodes = k.options.Nodes[:1]
	plan := k.mustPlan(t, l.ownAt(0))
	if err := k.Apply(t.Context(), plan, nil); err != nil {
		t.Fatal(err)
	}
	if got := l.pairs(t, l.seed.Nodes[0].PortID); len(got) != 2 {
		t.Errorf("the node's port has %v", got)
	}
	if got := l.pairs(t, l.seed.Nodes[1].PortID); len(got) != 1 {
		t.Errorf("the port of a server that is no node lost its pair: %v", got)
	}
}

// TestNothingIsWrittenThatIsNotOurs: whatever a plan or a record says, the adapter itself leaves alone pairs with a port's own
// MAC, ports that are no node's, and the MACs of other ports.
func TestNothingIsWrittenThatIsNotOurs(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 3})
	node, other, stranger := l.seed.Nodes[0], l.seed.Nodes[1], l.seed.Nodes[2]
	vip := fakeneutron.Pair{IP: "10.0.0.5", MAC: node.MAC}
	theirs := fakeneutron.Pair{IP: "10.0.0.6", MAC: "0a:00:00:00:00:06"}
	l.allow(node.PortID, fakeneutron.Pair{IP: vip.IP})
	l.allow(stranger.PortID, theirs)
	records := map[string][]Pair{"egress/r0": {{node.PortID, vip.IP, vip.MAC}, {stranger.PortID, theirs.IP, theirs.MAC}}}
	for _, pairs := range records {
		slices.SortFunc(pairs, func(a, b Pair) int { return strings.Compare(a.Port, b.Port) })
	}
	o := Options{Prune: true, Recorded: records, Nodes: l.allNodes()[:2]}

	changes := map[string]platform.Change{
		"the own MAC, removed":      pairChange(node.PortID, []fakeneutron.Pair{vip}, nil),
		"the own MAC, added":        pairChange(node.PortID, nil, []fakeneutron.Pair{{IP: "10.0.200.1", MAC: node.MAC}}),
		"another port's MAC":        pairChange(node.PortID, nil, []fakeneutron.Pair{{IP: "10.0.200.1", MAC: other.MAC}}),
		"no node's port, removed":   pairChange(stranger.PortID, []fakeneutron.Pair{theirs}, nil),
		"no node's port, added":     pairChange(stranger.PortID, nil, []fakeneutron.Pair{{IP: "10.0.200.1", MAC: "0a:00:00:00:00:07"}}),
		"the own MAC, an old write": pairChange(node.PortID, []fakeneutron.Pair{{IP: vip.IP}}, nil),
	}
	for name, change := range changes {
		a := l.adapter(t, o)
		mustPlan(t, a, l.at(1, 0))
		l.ResetRequests()
		e := &ends{}
		err := a.Apply(t.Context(), &platform.Plan{Changes: []platform.Change{change}}, e.done)
		if err == nil || len(l.writes()) > 0 || !errors.Is(e.errs[0], errUntouchable) {
			t.Errorf("%s: %v %v, sent %v", name, err, e.errs, l.writes())
		}
	}
	// Nor is it planned: by a move, when the router is gone, or for a MAC that another port has.
	at := l.at(0, 1)
	for name, plan := range map[string]func(a *Adapter) (*platform.Plan, error){
		"moved":  func(a *Adapter) (*platform.Plan, error) { return a.Plan(t.Context(), nil) },
		"revoke": func(a *Adapter) (*platform.Plan, error) { return a.PlanRevoke(t.Context(), records) },
		"squatted": func(a *Adapter) (*platform.Plan, error) {
			at := at
			at.MAC = node.MAC
			return a.Plan(t.Context(), []platform.Attachment{at})
		},
	} {
		a := l.adapter(t, o)
		if got, err := plan(a); err != nil || len(got.Changes) > 0 || !reflect.DeepEqual(a.recorded(), records) {
			t.Errorf("%s: planned %+v, %v; records %v", name, got, err, a.recorded())
		}
	}
	a := l.adapter(t, Options{})
	at.MAC = node.MAC
	wantCodes(t, mustPlan(t, a, at), finding.PairMissing)
}

func pairChange(port string, before, after []fakeneutron.Pair) platform.Change {
	list := func(pairs []fakeneutron.Pair) json.RawMessage {
		text, _ := json.Marshal(append([]fakeneutron.Pair{}, pairs...))
		return text
	}
	return platform.Change{ID: port, Target: "port " + port, Field: pairsField, Before: list(before), After: list(after)}
}
