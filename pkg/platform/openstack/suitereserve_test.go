package openstack

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// pooled is an address inside the subnet's pools that no node has.
func pooled(u underTest) netip.Addr {
	b := u.address(0).As4()
	return netip.AddrFrom4([4]byte{b[0], b[1], 90, 7})
}

// testReservation reserves an address that Neutron could give away, and takes it back with the pair.
func testReservation(t *testing.T, u underTest) {
	clearPairs(t, u)
	at := attachment(0, pooled(u), u.nodes()[0])
	a, said := client(t, u, Options{Reserve: true})
	plan := mustPlan(t, a, at)
	wantCodes(t, plan, finding.PairMissing, finding.NotReserved)
	if len(plan.Changes) != 2 || plan.Changes[0].Field != "allowed_address_pairs" || plan.Changes[1].Field != "port" || string(plan.Changes[1].Before) != "null" {
		t.Fatalf("planned %+v", plan.Changes)
	}
	ended := mustApply(t, a, plan)
	order := written(said)
	if want := []string{"PUT ports/ID", "POST ports"}; !slices.Equal(order, want) {
		t.Errorf("sent %v, want %v: the pair comes first", order, want)
	}
	var made reservation
	if err := json.Unmarshal(ended.changes[1].After, &made); err != nil || made.ID == "" {
		t.Fatalf("no port was told: %s: %v", ended.changes[1].After, err)
	}
	again, said := client(t, u, Options{Reserve: true, Recorded: a.recorded()})
	plan = mustPlan(t, again, at)
	wantCodes(t, plan)
	if len(plan.Changes) != 0 {
		t.Errorf("planned again: %+v", plan.Changes)
	}
	revoke, err := again.PlanRevoke(t.Context(), a.recorded())
	if err != nil {
		t.Fatal(err)
	}
	if len(revoke.Changes) != 2 || revoke.Changes[0].ID != made.ID || revoke.Changes[1].ID != u.nodes()[0].PortID {
		t.Fatalf("planned to revoke: %+v", revoke.Changes)
	}
	mustApply(t, again, revoke)
	if order, want := written(said), []string{"DELETE ports/ID", "PUT ports/ID"}; !slices.Equal(order, want) {
		t.Errorf("sent %v, want %v: the pair goes last", order, want)
	}
	if got := u.pairs(t, u.nodes()[0].PortID); len(got) != 0 {
		t.Errorf("the port has %v", got)
	}
	if got, want := again.recorded(), map[string][]Pair{at.Router: nil}; !reflect.DeepEqual(got, want) {
		t.Errorf("records %v, want %v", got, want)
	}
	plan = mustPlan(t, again, at)
	wantCodes(t, plan, finding.PairMissing, finding.NotReserved)
}

// written are the writes that a log tells of, in order.
func written(said *lines) []string {
	var out []string
	for _, line := range said.all() {
		for kind := range sent(&lines{text: []string{line}}) {
			if !strings.HasPrefix(kind, "GET ") && !strings.HasSuffix(kind, "/auth/tokens") {
				out = append(out, kind)
			}
		}
	}
	return out
}

// testMovedPod moves a router to another node: its pair is added there first, and then removed where it was.
func testMovedPod(t *testing.T, u underTest) {
	clearPairs(t, u)
	from, to := u.nodes()[0], u.nodes()[1]
	a, _ := client(t, u, Options{})
	fixed(t, a, attachment(0, u.address(0), from))
	moved := attachment(0, u.address(0), to)

	kept, _ := client(t, u, Options{Recorded: a.recorded()})
	plan := mustPlan(t, kept, moved)
	wantCodes(t, plan, finding.PairMissing, finding.PairStale)
	if len(plan.Changes) != 0 {
		t.Errorf("one MAC on two ports was planned: %+v", plan.Changes)
	}

	pruning, said := client(t, u, Options{Recorded: a.recorded(), Prune: true})
	plan = mustPlan(t, pruning, moved)
	if len(plan.Changes) != 2 || plan.Changes[0].ID != to.PortID || plan.Changes[1].ID != from.PortID {
		t.Fatalf("planned %+v", plan.Changes)
	}
	want := []Pair{{from.PortID, u.address(0).String(), moved.MAC}, {to.PortID, u.address(0).String(), moved.MAC}}
	slices.SortFunc(want, func(a, b Pair) int { return strings.Compare(a.Port, b.Port) })
	if records, err := pruning.recordsAhead(plan); err != nil || !reflect.DeepEqual(records, map[string][]Pair{moved.Router: want}) {
		t.Errorf("records before %v, %v, want %v", records, err, want)
	}
	mustApply(t, pruning, plan)
	if order, want := written(said), []string{"PUT ports/ID", "PUT ports/ID"}; !slices.Equal(order, want) {
		t.Errorf("sent %v, want %v", order, want)
	}
	if got := u.pairs(t, from.PortID); len(got) != 0 {
		t.Errorf("the old port has %v", got)
	}
	if got, want := u.pairs(t, to.PortID), []fakeneutron.Pair{pairOf(moved)}; !samePairs(got, want) {
		t.Errorf("the new port has %v, want %v", got, want)
	}
	if got, want := pruning.recorded(), map[string][]Pair{moved.Router: {{to.PortID, u.address(0).String(), moved.MAC}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("records %v, want %v", got, want)
	}
}
