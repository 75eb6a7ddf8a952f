package openstack

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// saved are changes as they come back from a file.
func saved(t *testing.T, changes []platform.Change) []platform.Change {
	t.Helper()
	content, err := json.Marshal(changes)
	if err != nil {
		t.Fatal(err)
	}
	var out []platform.Change
	if err := json.Unmarshal(content, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRevertRefusesWhatHasMoved(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 3})
	e := fixed(t, l.adapter(t, Options{}), l.perNode()...)
	stranger := fakeneutron.Pair{IP: "10.0.150.1", MAC: "fa:16:3e:00:00:05"}
	l.allow(l.seed.Nodes[0].PortID, stranger)
	l.SetPairs(l.seed.Nodes[1].PortID, nil)
	l.ResetRequests()
	back := &ends{}
	// A new process knows only the file.
	err := l.adapter(t, Options{}).Revert(t.Context(), saved(t, e.changes), back.done)
	if err == nil || err.Error() != "1 of the changes failed: run the command again to complete it" {
		t.Errorf("reverting: %v", err)
	}
	told := map[string]error{}
	for i, c := range back.changes {
		told[c.ID] = back.errs[i]
	}
	if !errors.Is(told[l.seed.Nodes[0].PortID], platform.ErrMoved) || told[l.seed.Nodes[1].PortID] != nil || told[l.seed.Nodes[2].PortID] != nil {
		t.Errorf("told %v", told)
	}
	if got := l.pairs(t, l.seed.Nodes[0].PortID); !samePairs(got, []fakeneutron.Pair{pairOf(l.at(0, 0)), stranger}) {
		t.Errorf("the port that moved has %v", got)
	}
	if got := l.writes(); len(got) != 1 || got[0].Path != "/v2.0/ports/"+l.seed.Nodes[2].PortID || got[0].IfMatch == "" {
		t.Errorf("sent %+v, want one guarded write", got)
	}
	if got := l.pairs(t, l.seed.Nodes[2].PortID); len(got) != 0 {
		t.Errorf("the port that was taken back has %v", got)
	}
}

func TestRevertRestoresOrderAndSpelling(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	before := []fakeneutron.Pair{{IP: "FD00:0::0009", MAC: "FA-16-3E-00-00-01"}, {IP: "10.0.150.9/32", MAC: "FA:16:3E:00:00:02"}, {IP: "10.0.150.1", MAC: l.seed.Nodes[0].MAC}}
	l.SetPairs(l.seed.Nodes[0].PortID, before)
	stood, _ := l.Port(l.seed.Nodes[0].PortID)
	e := fixed(t, l.adapter(t, Options{}), l.at(0, 0))
	// Another client writes the same pairs in another order: that is no move.
	now, _ := l.Port(l.seed.Nodes[0].PortID)
	slices.Reverse(now.Pairs)
	l.SetPairs(l.seed.Nodes[0].PortID, now.Pairs)
	if err := l.adapter(t, Options{}).Revert(t.Context(), saved(t, e.changes), nil); err != nil {
		t.Fatal(err)
	}
	if got, _ := l.Port(l.seed.Nodes[0].PortID); !slices.Equal(got.Pairs, stood.Pairs) {
		t.Errorf("taken back, the port has %v, want %v", got.Pairs, stood.Pairs)
	}
}

func TestRevertUnderARival(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	e := fixed(t, l.adapter(t, Options{}), l.at(0, 0))
	// The port is renamed between our look and our write.
	l.Inject(fakeneutron.Fault{Times: 1, Match: func(r fakeneutron.Request) bool { return r.Method == http.MethodPut },
		Then: func() {
			l.ChangePort(l.seed.Nodes[0].PortID, func(p *fakeneutron.Port) { p.Name = "renamed" })
		}})
	if err := l.adapter(t, Options{}).Revert(t.Context(), e.changes, nil); err != nil {
		t.Fatal(err)
	}
	if got := l.pairs(t, l.seed.Nodes[0].PortID); len(got) != 0 {
		t.Errorf("the port has %v", got)
	}
}

func TestRevertOfAReservation(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	at := moved(l.at(0, 0), "10.0.90.7/16")
	e := fixed(t, l.adapter(t, Options{Reserve: true}), at)
	l.ResetRequests()
	if err := l.adapter(t, Options{}).Revert(t.Context(), saved(t, e.changes), nil); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, r := range l.writes() {
		order = append(order, r.Method)
	}
	if want := []string{"DELETE", "PUT"}; !slices.Equal(order, want) {
		t.Errorf("sent %v, want %v: the reservation is removed before the pair", order, want)
	}
	wantCodes(t, mustPlan(t, l.adapter(t, Options{}), at), finding.PairMissing, finding.NotReserved)
	if err := l.adapter(t, Options{}).Revert(t.Context(), saved(t, e.changes), nil); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

// TestRevokeBringsBack takes a revocation back: pair first, reservation after it.
func TestRevokeBringsBack(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	at := moved(l.at(0, 0), "10.0.90.7/16")
	a := l.adapter(t, Options{Reserve: true})
	fixed(t, a, at)
	plan, err := a.PlanRevoke(t.Context(), a.recorded())
	if err != nil {
		t.Fatal(err)
	}
	e := mustApply(t, a, plan)
	l.ResetRequests()
	if err := l.adapter(t, Options{}).Revert(t.Context(), saved(t, e.changes), nil); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, r := range l.writes() {
		order = append(order, r.Method)
	}
	if want := []string{"PUT", "POST"}; !slices.Equal(order, want) {
		t.Errorf("sent %v, want %v", order, want)
	}
	wantCodes(t, mustPlan(t, l.adapter(t, Options{}), at))
}

func TestRevokeLeavesTheRest(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 3})
	a := l.adapter(t, Options{})
	fixed(t, a, l.perNode()...)
	stranger := fakeneutron.Pair{IP: "10.0.200.1", MAC: "0a:00:00:00:00:02"}
	l.allow(l.seed.Nodes[0].PortID, stranger)
	l.AddPort(fakeneutron.Port{DeviceOwner: "OpenShiftEgressIP", FixedIPs: []fakeneutron.FixedIP{{IP: "10.0.200.1"}}})
	records := map[string][]Pair{"egress/r0": a.recorded()["egress/r0"], "egress/r1": a.recorded()["egress/r1"]}
	l.DeletePort(l.seed.Nodes[1].PortID)
	a = l.adapter(t, Options{Recorded: records})
	plan, err := a.PlanRevoke(t.Context(), records)
	if err != nil {
		t.Fatal(err)
	}
	wantCodes(t, plan, finding.PairStale)
	if !strings.Contains(plan.Findings[0].Message, "cannot be seen") || len(plan.Changes) != 1 {
		t.Errorf("found %+v, planned %+v", plan.Findings, plan.Changes)
	}
	mustApply(t, a, plan)
	if got := l.pairs(t, l.seed.Nodes[0].PortID); !samePairs(got, []fakeneutron.Pair{stranger}) {
		t.Errorf("the port has %v", got)
	}
	if got := l.pairs(t, l.seed.Nodes[2].PortID); len(got) != 1 {
		t.Errorf("another router's port has %v", got)
	}
}

func TestRevertOfASpoiltFile(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	for name, change := range map[string]platform.Change{
		"ID":    {ID: "../networks/x", Field: pairsField, Before: json.RawMessage("[]"), After: json.RawMessage("[]")},
		"field": {ID: l.seed.Nodes[0].PortID, Field: "name", Before: json.RawMessage(`"a"`), After: json.RawMessage(`"b"`)},
		"value": {ID: l.seed.Nodes[0].PortID, Field: pairsField, Before: json.RawMessage(`{"a":1}`), After: json.RawMessage("[]")},
	} {
		l.ResetRequests()
		if err := l.adapter(t, Options{}).Revert(t.Context(), []platform.Change{change}, nil); err == nil || len(l.writes()) != 0 {
			t.Errorf("%s: %v, sent %v", name, err, l.writes())
		}
	}
}
