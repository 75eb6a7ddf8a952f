package openstack

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

func TestMissingPairIsFoundWrittenAndTakenBack(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	node, at := l.seed.Nodes[0], l.at(0, 0)
	others := []fakeneutron.Pair{{IP: "10.0.150.1", MAC: node.MAC}, {IP: "FD00:0::0009", MAC: "FA-16-3E-00-00-01"}}
	l.SetPairs(node.PortID, others)
	a := l.adapter(t, Options{})

	plan := mustPlan(t, a, at)
	wantCodes(t, plan, finding.PairMissing)
	address, mac := "10.0.200.1", "0a:e6:0a:00:c8:01"
	port, _ := l.Port(node.PortID)
	want := platform.Change{
		ID: node.PortID, Target: "port " + node.PortID + " (worker-1)", Routers: []string{"egress/r0"}, Field: "allowed_address_pairs",
		Reason:  "egress/r0 sends as " + address + " with MAC " + mac + " from node worker-1",
		Version: "2", Command: "openstack port set --allowed-address ip-address=" + address + ",mac-address=" + mac + " " + node.PortID,
	}
	want.Before = listJSON(t, port.Pairs)
	want.After = listJSON(t, append(port.Pairs, fakeneutron.Pair{IP: address, MAC: mac}))
	if len(plan.Changes) != 1 || !reflect.DeepEqual(plan.Changes[0], want) {
		t.Fatalf("planned\n%+v\nwant\n%+v", plan.Changes, want)
	}
	permissions := []platform.Permission{{Router: "egress/r0", Node: "worker-1", Allowed: platform.No, Why: "EGR302: the pair is missing"}}
	if !reflect.DeepEqual(plan.Permissions, permissions) {
		t.Errorf("permissions %+v, want %+v", plan.Permissions, permissions)
	}
	if len(l.writes()) != 0 {
		t.Fatal("planning wrote")
	}

	ended := mustApply(t, a, plan)
	if got, want := l.pairs(t, node.PortID), append(others[:2:2], fakeneutron.Pair{IP: address, MAC: mac}); !samePairs(got, want) {
		t.Errorf("the port has %v, want %v", got, want)
	}
	if standing, want := a.recorded(), map[string][]Pair{"egress/r0": {{node.PortID, address, mac}}}; !reflect.DeepEqual(standing, want) {
		t.Errorf("records %v, want %v", standing, want)
	}

	again := mustPlan(t, l.adapter(t, Options{}), at)
	wantCodes(t, again)
	if len(again.Changes) != 0 || again.Permissions[0].Allowed != platform.Yes {
		t.Errorf("the second plan is not empty: %+v", again)
	}

	back := &ends{}
	if err := a.Revert(t.Context(), ended.changes, back.done); err != nil {
		t.Fatal(err, back.errs)
	}
	if got := l.pairs(t, node.PortID); !samePairs(got, others) {
		t.Errorf("taken back, the port has %v, want %v", got, others)
	}
	if standing, want := a.recorded(), map[string][]Pair{"egress/r0": nil}; !reflect.DeepEqual(standing, want) {
		t.Errorf("records %v, want %v", standing, want)
	}
}

func listJSON(t *testing.T, pairs []fakeneutron.Pair) json.RawMessage {
	t.Helper()
	out, err := json.Marshal(pairs)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// samePairs compares spelling by spelling, in any order.
func samePairs(a, b []fakeneutron.Pair) bool {
	count := map[fakeneutron.Pair]int{}
	for _, p := range a {
		count[p]++
	}
	for _, p := range b {
		count[p]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}
