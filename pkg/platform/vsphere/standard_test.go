package vsphere

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

// overridden is a policy of a port group that sets more than its security: what others' tools drop.
func overridden(s *types.HostNetworkSecurityPolicy) types.HostNetworkPolicy {
	yes := true
	return types.HostNetworkPolicy{
		Security: s,
		NicTeaming: &types.HostNicTeamingPolicy{
			Policy: "failover_explicit", NotifySwitches: &yes, NicOrder: &types.HostNicOrderPolicy{ActiveNic: []string{"vmnic0"}},
		},
		ShapingPolicy: &types.HostNetworkTrafficShapingPolicy{Enabled: &yes, AverageBandwidth: 1000, PeakBandwidth: 2000, BurstSize: 3000},
	}
}

// networks are the whole networks of the hosts.
func (w *world) networks(hosts ...int) []*types.HostNetworkInfo {
	var out []*types.HostNetworkInfo
	for _, h := range hosts {
		out = append(out, w.host(esx(h)))
	}
	return out
}

// accepted is what a host's network must be once a port group accepts fields: all else as it was.
func accepted(n *types.HostNetworkInfo, portGroup string, fields ...field) {
	for i := range n.Portgroup {
		if pg := &n.Portgroup[i]; pg.Spec.Name == portGroup {
			pg.Spec.Policy.Security = accepting(fields).put(pg.Spec.Policy.Security)
			pg.ComputedPolicy.Security = accepting(fields).put(pg.ComputedPolicy.Security)
		}
	}
}

// plantedHosts has three hosts whose port group says nothing of security, says some, and overrides more.
func plantedHosts(t *testing.T, o Options) *world {
	w := start(t, standardInventory(), o)
	no := false
	must(t, w.SetHostPolicy(esx(0), vmNetwork, types.HostNetworkPolicy{}))
	must(t, w.SetHostPolicy(esx(1), vmNetwork, types.HostNetworkPolicy{Security: &types.HostNetworkSecurityPolicy{ForgedTransmits: &no, MacChanges: &no}}))
	must(t, w.SetHostPolicy(esx(2), vmNetwork, overridden(&types.HostNetworkSecurityPolicy{})))
	return w
}

func TestStandardChangesOnlyWhatIsAsked(t *testing.T) {
	for _, test := range []struct {
		options Options
		fields  []field
	}{
		{Options{}, []field{forged, promiscuous}},
		{Options{Require: RequireDocs}, []field{forged, promiscuous, macChanges}},
	} {
		t.Run(test.options.Require, func(t *testing.T) {
			w := plantedHosts(t, test.options)
			before, want := w.networks(all3()...), w.networks(all3()...)
			for i := range want {
				accepted(want[i], vmNetwork, test.fields...)
			}
			p := w.plan(w.Nodes(1)...)
			w.ResetCalls()
			changes := w.applied(p)
			if n := w.Count("UpdatePortGroup"); n != 3 || len(changes) != 3 {
				t.Errorf("%d writes and %d changes told, want 3", n, len(changes))
			}
			if n := w.Count("RetrievePropertiesEx"); n != 4 || w.Count() != 7 {
				t.Errorf("%d reads of %d calls, want one before each write and one after all", n, w.Count())
			}
			if got := w.networks(all3()...); !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}

			again := w.plan(w.Nodes(1)...)
			w.ResetCalls()
			if told := w.applied(again); len(again.Changes) != 0 || len(told) != 0 || w.Count() != 0 {
				t.Errorf("the second run made %d changes with %d calls", len(again.Changes), w.Count())
			}

			outcomes, err := w.revert(changes)
			must(t, err)
			if got := w.networks(all3()...); len(outcomes) != 3 || !reflect.DeepEqual(got, before) {
				t.Errorf("reverted to\n%+v\nwant\n%+v", got, before)
			}
			w.ResetCalls()
			if _, err := w.revert(changes); err != nil || w.Count("UpdatePortGroup") != 0 {
				t.Errorf("a second revert: %v, %d writes", err, w.Count("UpdatePortGroup"))
			}
		})
	}
}

func TestStandardChangesAsJSON(t *testing.T) {
	w := plantedHosts(t, Options{})
	p := w.plan(w.Nodes(1)...)
	want := [][2]string{
		{`null`, `{"allowPromiscuous":true,"forgedTransmits":true}`},
		{`{"allowPromiscuous":null,"forgedTransmits":false}`, `{"allowPromiscuous":true,"forgedTransmits":true}`},
		{`{"allowPromiscuous":null,"forgedTransmits":null}`, `{"allowPromiscuous":true,"forgedTransmits":true}`},
	}
	for i, c := range p.Changes {
		if got := [2]string{string(c.Before), string(c.After)}; got != want[i] || c.Field != "policy.security" || c.Version != "" {
			t.Errorf("%s: %s %v, want %v", c.Target, c.Field, got, want[i])
		}
	}
}

// An empty revert must not write: where nothing had to be changed, nothing goes back.
func TestStandardAnotherWasFaster(t *testing.T) {
	w := start(t, standardInventory(), Options{})
	p := w.plan(w.Nodes(1)...)
	w.security(all3(), forged, promiscuous)
	w.ResetCalls()
	changes := w.applied(p)
	if w.Count("UpdatePortGroup") != 0 || len(changes) != 3 || string(changes[0].Before) != string(changes[0].After) {
		t.Errorf("%d writes, %+v", w.Count("UpdatePortGroup"), changes)
	}
	if _, err := w.revert(changes); err != nil || w.Count("UpdatePortGroup") != 0 {
		t.Errorf("%v, %d writes", err, w.Count("UpdatePortGroup"))
	}
}

// What a rival writes between the plan and the change is kept: the spec is read just before.
func TestStandardKeepsARivals(t *testing.T) {
	w := start(t, fakevcenter.Options{Hosts: 1, VMs: 1}, Options{})
	p := w.plan(w.Nodes(1)...)
	must(t, w.SetHostPolicy(esx(0), vmNetwork, overridden(accept(macChanges).Security)))
	want := w.networks(0)
	accepted(want[0], vmNetwork, forged, promiscuous)
	w.applied(p)
	if got := w.networks(0); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestStandardRevertRefusesWhatMoved(t *testing.T) {
	w := start(t, standardInventory(), Options{})
	changes := w.applied(w.plan(w.Nodes(1)...))
	no := false
	must(t, w.SetHostPolicy(esx(1), vmNetwork, types.HostNetworkPolicy{Security: &types.HostNetworkSecurityPolicy{ForgedTransmits: &no}}))
	before := w.networks(1)
	outcomes, err := w.revert(changes)
	if err == nil || len(outcomes) != 3 {
		t.Fatalf("got %v, %d outcomes", err, len(outcomes))
	}
	for _, o := range outcomes {
		if errors.Is(o.err, platform.ErrMoved) != strings.Contains(o.change.Target, esx(1)) {
			t.Errorf("%s: %v", o.change.Target, o.err)
		}
	}
	if got := w.networks(1); !reflect.DeepEqual(got, before) {
		t.Errorf("what had moved was written: %+v", got)
	}
}

func TestVSwitchScope(t *testing.T) {
	w := plantedHosts(t, Options{Scope: ScopeVSwitch})
	before := w.networks(all3()...)
	p := w.plan(w.Nodes(1)...)
	var got []string
	for _, c := range p.Changes {
		got = append(got, c.Target[:len(c.Target)-len(" (vCenter "+w.adapter.vcenters[0].name+")")]+" "+string(c.After))
	}
	want := []string{
		`port group VM Network on host DC0_C0_H1 {"forgedTransmits":true}`, // its own false would win over the switch's
		`vSwitch0 on host DC0_C0_H0 {"allowPromiscuous":true,"forgedTransmits":true}`,
		`vSwitch0 on host DC0_C0_H1 {"allowPromiscuous":true}`,
		`vSwitch0 on host DC0_C0_H2 {"allowPromiscuous":true,"forgedTransmits":true}`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	w.ResetCalls()
	changes := w.applied(p)
	if w.Count("UpdateVirtualSwitch") != 3 || w.Count("UpdatePortGroup") != 1 {
		t.Errorf("%v", w.Calls())
	}
	after := w.networks(all3()...)
	for i := range after {
		sw, old := after[i].Vswitch[0], before[i].Vswitch[0]
		if !reflect.DeepEqual(sw.Spec.Bridge, old.Spec.Bridge) || sw.Spec.NumPorts != old.Spec.NumPorts || sw.Spec.Mtu != old.Spec.Mtu ||
			!reflect.DeepEqual(sw.Spec.Policy.NicTeaming, old.Spec.Policy.NicTeaming) {
			t.Errorf("more of %s changed than its security: %+v, was %+v", sw.Name, sw.Spec, old.Spec)
		}
	}
	if again := w.plan(w.Nodes(1)...); len(again.Changes) != 0 {
		t.Errorf("the second run would change %+v", again.Changes)
	}
	_, err := w.revert(changes)
	must(t, err)
	if got := w.networks(all3()...); !reflect.DeepEqual(got, before) {
		t.Errorf("reverted to\n%+v\nwant\n%+v", got, before)
	}
}
