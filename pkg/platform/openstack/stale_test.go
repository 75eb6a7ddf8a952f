package openstack

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// TestPruneRemovesOnlyWhatIsRecorded has a pod that came back with another MAC on the same node.
func TestPruneRemovesOnlyWhatIsRecorded(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	node, at := l.seed.Nodes[0], l.at(0, 0)
	ours := fakeneutron.Pair{IP: "10.0.200.1/32", MAC: "0A-00-00-00-00-01"}
	kept := []fakeneutron.Pair{
		{IP: "10.0.200.1", MAC: "0a:00:00:00:00:02"}, // another hand's, for the same address
		{IP: "10.0.200.9", MAC: node.MAC},            // another tool's, with the port's own MAC
		{IP: "10.0.0.0/24", MAC: "0a:00:00:00:00:01"},
	}
	l.SetPairs(node.PortID, append([]fakeneutron.Pair{ours}, kept...))
	recorded := map[string][]Pair{at.Router: {{node.PortID, "10.0.200.1", "0a:00:00:00:00:01"}}}

	keeping := l.adapter(t, Options{Recorded: recorded})
	plan := mustPlan(t, keeping, at)
	wantCodes(t, plan, finding.PairMissing, finding.PairStale, finding.PairStale)
	e := mustApply(t, keeping, plan)
	if got, want := l.pairs(t, node.PortID), append([]fakeneutron.Pair{ours, pairOf(at)}, kept...); !samePairs(got, want) {
		t.Errorf("without --prune the port has %v, want %v", got, want)
	}
	if err := l.adapter(t, Options{}).Revert(t.Context(), e.changes, nil); err != nil {
		t.Fatal(err)
	}

	a := l.adapter(t, Options{Recorded: recorded, Prune: true})
	plan = mustPlan(t, a, at)
	want := "openstack port set --allowed-address ip-address=10.0.200.1,mac-address=" + at.MAC + " " + node.PortID +
		" && openstack port unset --allowed-address ip-address=10.0.200.1/32,mac-address=0A-00-00-00-00-01 " + node.PortID
	if len(plan.Changes) != 1 || plan.Changes[0].Command != want {
		t.Fatalf("planned %+v, want one change with %s", plan.Changes, want)
	}
	l.ResetRequests()
	mustApply(t, a, plan)
	if len(l.writes()) != 1 {
		t.Errorf("sent %v, want one write", l.writes())
	}
	if got, want := l.pairs(t, node.PortID), append([]fakeneutron.Pair{pairOf(at)}, kept...); !samePairs(got, want) {
		t.Errorf("pruned, the port has %v, want %v", got, want)
	}
	if got, want := a.recorded(), map[string][]Pair{at.Router: {{node.PortID, "10.0.200.1", at.MAC}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("records %v, want %v", got, want)
	}
}

// TestPruneWaitsUntilTheNeedIsKnown has routers of which it is not known where they are needed.
func TestPruneWaitsUntilTheNeedIsKnown(t *testing.T) {
	unknown := map[string]func(*platform.Attachment){
		"no MAC":       func(at *platform.Attachment) { at.MAC = "" },
		"no such port": func(at *platform.Attachment) { at.Node.ProviderID = "openstack:///gone" },
		"not asked":    func(at *platform.Attachment) { at.Router = "egress/another" },
	}
	for name, change := range unknown {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, fakeneutron.Options{Ports: 2})
			old := standing(l, 0, 0)
			at := l.at(0, 1)
			change(&at)
			a := l.adapter(t, Options{Recorded: recordOn(l, old, 0), Prune: true, Backend: OpenVSwitch})
			for _, c := range mustPlan(t, a, at).Changes {
				if c.ID == l.seed.Nodes[0].PortID {
					t.Errorf("planned %+v", c)
				}
			}
		})
	}
}

// TestSwappedRouters has two pods that change places: both pairs are added before either is removed.
func TestSwappedRouters(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	recorded := recordOn(l, standing(l, 0, 0), 0)
	for router, pairs := range recordOn(l, standing(l, 1, 1), 1) {
		recorded[router] = pairs
	}
	a := l.adapter(t, Options{Recorded: recorded, Prune: true})
	plan := mustPlan(t, a, l.at(0, 1), l.at(1, 0))
	if len(plan.Changes) != 4 {
		t.Fatalf("planned %d changes, want 4: %+v", len(plan.Changes), plan.Changes)
	}
	e := mustApply(t, a, plan)
	for i, at := range []platform.Attachment{l.at(1, 0), l.at(0, 1)} {
		if got := l.pairs(t, l.seed.Nodes[i].PortID); !samePairs(got, []fakeneutron.Pair{pairOf(at)}) {
			t.Errorf("port %d has %v", i, got)
		}
	}
	for i, c := range e.changes {
		d, err := deltaOf(c)
		if err != nil || (i < 2) != (len(d.add) == 1 && len(d.remove) == 0) || (i >= 2) != (len(d.add) == 0 && len(d.remove) == 1) {
			t.Errorf("change %d adds %v and removes %v, %v", i, d.add, d.remove, err)
		}
	}
	back := &ends{}
	if err := a.Revert(t.Context(), e.changes, back.done); err != nil {
		t.Fatal(err, back.errs)
	}
	for i := range 2 {
		if got := l.pairs(t, l.seed.Nodes[i].PortID); !samePairs(got, []fakeneutron.Pair{pairOf(l.at(i, i))}) {
			t.Errorf("taken back, port %d has %v", i, got)
		}
	}
}

// TestMoveStopsWhereTheNewPortRefuses keeps the old pair where the new one cannot be written.
func TestMoveStopsWhereTheNewPortRefuses(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	recorded := recordOn(l, standing(l, 0, 0), 0)
	a := l.adapter(t, Options{Recorded: recorded, Prune: true})
	plan := mustPlan(t, a, l.at(0, 1))
	l.Inject(fakeneutron.Fault{Status: 403, Match: func(r fakeneutron.Request) bool { return r.Path == "/v2.0/ports/"+l.seed.Nodes[1].PortID }})
	e := &ends{}
	if err := a.Apply(t.Context(), plan, e.done); err == nil || err.Error() != "2 of the changes failed: run the command again to complete it" {
		t.Errorf("applying: %v", err)
	}
	if len(e.errs) != 2 || !strings.Contains(e.errs[1].Error(), "could not be added to its new port, so it stays here") {
		t.Errorf("told %v", e.errs)
	}
	if got := l.pairs(t, l.seed.Nodes[0].PortID); !samePairs(got, []fakeneutron.Pair{pairOf(l.at(0, 0))}) {
		t.Errorf("the old port has %v", got)
	}
	if got := a.recorded(); !reflect.DeepEqual(got, recorded) {
		t.Errorf("records %v, want %v", got, recorded)
	}
}

func TestRecordOfAPortThatIsGone(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	recorded := recordOn(l, standing(l, 0, 0), 0)
	at := standing(l, 0, 1)
	l.DeletePort(l.seed.Nodes[0].PortID)
	kept := l.adapter(t, Options{Recorded: recorded})
	plan := mustPlan(t, kept, at)
	wantCodes(t, plan)
	if len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0], "is gone or belongs to another project") || !reflect.DeepEqual(kept.recorded(), recorded) {
		t.Errorf("notes %q, records %v", plan.Notes, kept.recorded())
	}
	pruning := l.adapter(t, Options{Recorded: recorded, Prune: true})
	plan = mustPlan(t, pruning, at)
	if got, want := pruning.recorded(), map[string][]Pair{at.Router: nil}; !reflect.DeepEqual(got, want) || len(plan.Changes) != 0 {
		t.Errorf("records %v, want %v; planned %v", got, want, plan.Changes)
	}
}

// TestSeveralRoutersOnOnePort is one change for all of them, as far as there is room.
func TestSeveralRoutersOnOnePort(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	l.fill(l.seed.Nodes[0].PortID, 8)
	a := l.adapter(t, Options{})
	plan := mustPlan(t, a, l.at(0, 0), l.at(1, 0), l.at(2, 0))
	wantCodes(t, plan, finding.PairMissing, finding.PairLimit, finding.PairMissing, finding.PairLimit, finding.PairMissing, finding.PairLimit)
	if len(plan.Changes) != 1 || !slices.Equal(plan.Changes[0].Routers, []string{"egress/r0", "egress/r1"}) {
		t.Fatalf("planned %+v", plan.Changes)
	}
	mustApply(t, a, plan)
	if got := len(l.pairs(t, l.seed.Nodes[0].PortID)); got != 10 {
		t.Errorf("%d pairs, want 10", got)
	}
	if got := a.recorded(); len(got["egress/r0"]) != 1 || len(got["egress/r1"]) != 1 || len(got["egress/r2"]) != 0 {
		t.Errorf("records %v", got)
	}
}
