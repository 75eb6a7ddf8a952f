package openstack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// testRefusals has Neutron refuse what it refuses: each refusal must say what to do, and leave the port as it was. A
// list that Plan would never make comes from a saved file, by Revert.
func testRefusals(t *testing.T, u underTest) {
	clearPairs(t, u)
	node := u.nodes()[0]
	ip := u.address(0).String()
	var eleven []fakeneutron.Pair
	for i := range 11 {
		eleven = append(eleven, fakeneutron.Pair{IP: u.address(i).String(), MAC: "fa:16:3e:00:00:01"})
	}
	tests := []struct {
		name  string
		pairs []fakeneutron.Pair
		want  string
	}{
		{"twice", []fakeneutron.Pair{{IP: ip, MAC: "fa:16:3e:00:00:01"}, {IP: ip, MAC: "fa:16:3e:00:00:01"}}, "Neutron finds a pair twice"},
		{"own MAC once left out", []fakeneutron.Pair{{IP: ip}, {IP: ip, MAC: node.MAC}}, "this tool leaves it alone"},
		{"too many", eleven, "as many pairs as this cloud allows"},
		{"bad address", []fakeneutron.Pair{{IP: "10.0.0.300", MAC: "fa:16:3e:00:00:01"}}, "Neutron refuses the value"},
		{"bad prefix", []fakeneutron.Pair{{IP: ip + "/33", MAC: "fa:16:3e:00:00:01"}}, "Neutron refuses the value"},
		{"bad MAC", []fakeneutron.Pair{{IP: ip, MAC: "zz:16:3e:00:00:01"}}, "Neutron refuses the value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, _ := client(t, u, Options{})
			refused(t, a, platform.Change{ID: node.PortID, Target: "port " + node.PortID, Field: pairsField,
				Before: raw(t, test.pairs), After: raw(t, []fakeneutron.Pair{})}, test.want)
			if got := u.pairs(t, node.PortID); len(got) != 0 {
				t.Errorf("the port has %v after a refusal", got)
			}
		})
	}
	t.Run("no such port", func(t *testing.T) {
		a, _ := client(t, u, Options{})
		refused(t, a, platform.Change{ID: "11111111-2222-3333-4444-555555555555", Target: "port 1111", Field: pairsField,
			Before: raw(t, []fakeneutron.Pair{{IP: ip, MAC: node.MAC}}), After: raw(t, []fakeneutron.Pair{})}, "it does not exist, or belongs to another project than k8s")
	})
	if !u.others() {
		return
	}
	t.Run("another's port", func(t *testing.T) {
		cloud, _ := u.login(t, "other")
		a, err := New(cloud, Options{})
		if err != nil {
			t.Fatal(err)
		}
		refused(t, a, platform.Change{ID: node.PortID, Target: "port " + node.PortID, Field: pairsField,
			Before: raw(t, []fakeneutron.Pair{{IP: ip, MAC: node.MAC}}), After: raw(t, []fakeneutron.Pair{})}, "it does not exist, or belongs to another project than other")
		plan := mustPlan(t, a, attachment(0, u.address(0), node))
		wantCodes(t, plan, finding.NoPort)
	})
	t.Run("another's network", func(t *testing.T) { testAnothersNetwork(t, u) })
}

// testAnothersNetwork asks for a pair on a port of one's own that is on a network of another project.
func testAnothersNetwork(t *testing.T, u underTest) {
	server, port, address := u.elsewhere(t)
	a, _ := client(t, u, Options{})
	at := attachment(0, address, fakeneutron.SeedNode{Name: "shared-worker", ServerID: server})
	plan := mustPlan(t, a, at)
	found := codes(plan)
	if !slices.Contains(found, finding.PairsForbidden) || !slices.Contains(found, finding.PairMissing) || len(plan.Changes) != 1 {
		t.Fatalf("found %v, planned %v", found, plan.Changes)
	}
	e := &ends{}
	err := a.Apply(t.Context(), plan, e.done)
	if err == nil || err.Error() != "1 of the changes failed: run the command again to complete it" {
		t.Errorf("applying: %v", err)
	}
	if len(e.errs) != 1 || e.errs[0] == nil || !strings.Contains(e.errs[0].Error(), "Neutron's policy lets an administrator or the owner of the port's network change pairs") {
		t.Errorf("told %v", e.errs)
	}
	if got := u.pairs(t, port); len(got) != 0 {
		t.Errorf("the port has %v", got)
	}
	if got := a.recorded(); fmt.Sprint(got) != "map[]" {
		t.Errorf("records %v, want none", got)
	}
	admin, _ := u.login(t, "admin")
	asAdmin, err := New(admin, Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan = mustPlan(t, asAdmin, at)
	if slices.Contains(codes(plan), finding.PairsForbidden) {
		t.Errorf("an administrator may: %+v", plan.Findings)
	}
	ended := mustApply(t, asAdmin, plan)
	if err := asAdmin.Revert(t.Context(), ended.changes, nil); err != nil {
		t.Fatal(err)
	}
}

func raw(t *testing.T, pairs []fakeneutron.Pair) json.RawMessage {
	t.Helper()
	type sent struct {
		IP  string `json:"ip_address"`
		MAC string `json:"mac_address,omitempty"`
	}
	list := []sent{}
	for _, p := range pairs {
		list = append(list, sent(p))
	}
	out, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refused reverts change and wants the words of a refusal.
func refused(t *testing.T, a *Adapter, change platform.Change, want string) {
	t.Helper()
	e := &ends{}
	if err := a.Revert(t.Context(), []platform.Change{change}, e.done); err == nil {
		t.Error("no error")
	}
	if len(e.errs) != 1 || e.errs[0] == nil || !strings.Contains(e.errs[0].Error(), want) {
		t.Errorf("told %v, want %q", e.errs, want)
	}
}
