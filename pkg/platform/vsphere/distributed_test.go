package vsphere

import (
	"errors"
	"reflect"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

// plain is a configuration without what every change moves.
func plain(c types.DVPortgroupConfigInfo) types.DVPortgroupConfigInfo {
	c.ConfigVersion = ""
	return c
}

// withMAC is a copy of a configuration with another MAC management policy, and what follows from it.
func withMAC(c types.DVPortgroupConfigInfo, m *types.DVSMacManagementPolicy) types.DVPortgroupConfigInfo {
	s := *setting(c)
	s.MacManagementPolicy = m
	c.DefaultPortConfig = &s
	return plain(c)
}

// sameBut compares two configurations, the deprecated view of the policy left out: it follows the policy.
func sameBut(t *testing.T, got, want types.DVPortgroupConfigInfo) {
	t.Helper()
	for _, c := range []*types.DVPortgroupConfigInfo{&got, &want} {
		s := *setting(*c)
		s.SecurityPolicy = nil
		c.DefaultPortConfig = &s
	}
	if !reflect.DeepEqual(plain(got), plain(want)) {
		t.Errorf("got\n%+v\n%+v\nwant\n%+v\n%+v", got, setting(got).MacManagementPolicy, want, setting(want).MacManagementPolicy)
	}
}

func TestDistributedChangesOnlyWhatIsAsked(t *testing.T) {
	yes, no := true, false
	for _, test := range []struct {
		name    string
		options Options
		given   *types.DVSMacManagementPolicy // nil is inherited
		want    []field
	}{
		{"inherited", Options{}, nil, []field{forged, promiscuous}},
		{"inherited, docs", Options{Require: RequireDocs}, nil, []field{forged, promiscuous, macChanges}},
		{"inherited, MAC learning", Options{UseMACLearning: true}, nil, []field{forged, learning}},
		{"explicit", Options{}, &types.DVSMacManagementPolicy{AllowPromiscuous: &no, MacChanges: &yes, ForgedTransmits: &yes}, []field{promiscuous}},
		{"explicit, MAC learning", Options{UseMACLearning: true}, &types.DVSMacManagementPolicy{
			AllowPromiscuous: &no, MacChanges: &yes, ForgedTransmits: &no,
			MacLearningPolicy: &types.DVSMacLearningPolicy{AllowUnicastFlooding: &no, Limit: types.NewInt32(64), LimitPolicy: "ALLOW"},
		}, []field{forged, learning}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := start(t, distributedInventory(), test.options)
			if test.given != nil {
				must(t, w.SetDVPolicy(dvpg0, types.VMwareDVSPortSetting{MacManagementPolicy: test.given}))
			}
			before, other := w.dvpg(dvpg0), w.dvpg("DC0_DVPG1")
			expected := macWith(*setting(before).MacManagementPolicy, test.want)
			l := *expected.MacLearningPolicy
			l.Inherited, expected.MacLearningPolicy = false, &l // the simulator has the whole explicit then, as vCenter does

			p := w.plan(w.Nodes(3)...)
			if len(p.Changes) != 1 || p.Changes[0].Version != before.ConfigVersion || p.Changes[0].Field != "macManagementPolicy" {
				t.Fatalf("got %+v", p.Changes)
			}
			w.ResetCalls()
			changes := w.applied(p)
			if w.Count("ReconfigureDVPortgroup_Task") != 1 || w.Count("RetrievePropertiesEx") != 2 {
				t.Errorf("%v", w.Calls())
			}
			sameBut(t, w.dvpg(dvpg0), withMAC(before, expected))
			if got := w.dvpg("DC0_DVPG1"); !reflect.DeepEqual(got, other) {
				t.Errorf("another port group is now %+v", got)
			}
			if again := w.plan(w.Nodes(3)...); len(again.Changes) != 0 {
				t.Errorf("the second run would change %+v", again.Changes)
			}
			_, err := w.revert(changes)
			must(t, err)
			if got := w.dvpg(dvpg0); !reflect.DeepEqual(plain(got), plain(before)) {
				t.Errorf("reverted to\n%s\nwant\n%s", asJSON(t, got), asJSON(t, before))
			}
			w.ResetCalls()
			if _, err := w.revert(changes); err != nil || w.Count("ReconfigureDVPortgroup_Task") != 0 {
				t.Errorf("a second revert: %v, %v", err, w.Calls())
			}
		})
	}
}

// Switches before 6.6 have the older policy alone: it is written boolean by boolean.
func TestDistributedOlderSwitch(t *testing.T) {
	w := start(t, distributedInventory(), Options{UseMACLearning: true})
	must(t, w.SetSwitchVersion("6.5.0"))
	before := w.dvpg(dvpg0)
	p := w.plan(w.Nodes(1)...)
	if len(p.Changes) != 1 || p.Changes[0].Field != "securityPolicy" || len(p.Notes) != 2 {
		t.Fatalf("got %+v and the notes %v", p.Changes, p.Notes)
	}
	changes := w.applied(p)
	yes := true
	s := *setting(before).SecurityPolicy
	s.Inherited = false
	s.ForgedTransmits, s.AllowPromiscuous = &types.BoolPolicy{Value: &yes}, &types.BoolPolicy{Value: &yes}
	after := *setting(before)
	after.SecurityPolicy = &s
	want := before
	want.DefaultPortConfig = &after
	if got := w.dvpg(dvpg0); !reflect.DeepEqual(plain(got), plain(want)) {
		t.Errorf("got %+v, want %+v", setting(got).SecurityPolicy, &s)
	}
	_, err := w.revert(changes)
	must(t, err)
	if got := w.dvpg(dvpg0); !reflect.DeepEqual(plain(got), plain(before)) {
		t.Errorf("reverted to %+v", setting(got).SecurityPolicy)
	}
}

// rival changes a port group as another administrator would: VLAN, teaming, and a setting of the policy.
func (w *world) rival(also *types.DVSMacManagementPolicy) {
	w.t.Helper()
	must(w.t, w.SetDVPolicy(dvpg0, types.VMwareDVSPortSetting{
		Vlan: &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: 42}, MacManagementPolicy: also,
	}))
}

// A rival writes after the plan, and again between the read and the write: nothing of it is lost.
func TestDistributedRival(t *testing.T) {
	yes, no := true, false
	w := start(t, distributedInventory(), Options{})
	p := w.plan(w.Nodes(1)...)
	w.rival(&types.DVSMacManagementPolicy{AllowPromiscuous: &no, MacChanges: &yes, ForgedTransmits: &no})
	w.Inject(fakevcenter.Fault{Method: "ReconfigureDVPortgroup_Task", Times: 2, Do: func() {
		must(t, w.EditDV(dvpg0, func(c *types.DVPortgroupConfigInfo) { c.Description += "x" }))
	}})
	w.ResetCalls()
	w.applied(p)
	if n := w.Count("ReconfigureDVPortgroup_Task"); n != 3 {
		t.Errorf("%d writes, want 3: two that the rival forestalled", n)
	}
	got := w.dvpg(dvpg0)
	vlan, _ := setting(got).Vlan.(*types.VmwareDistributedVirtualSwitchVlanIdSpec)
	m := setting(got).MacManagementPolicy
	if got.Description != "xx" || vlan == nil || vlan.VlanId != 42 || !*m.MacChanges || !*m.ForgedTransmits || !*m.AllowPromiscuous {
		t.Errorf("got %+v, %+v", got, m)
	}
}

// A rival that never stops is not waited for without end, and nothing is forced.
func TestDistributedRivalWithoutEnd(t *testing.T) {
	w := start(t, distributedInventory(), Options{})
	p := w.plan(w.Nodes(1)...)
	w.Inject(fakevcenter.Fault{Method: "ReconfigureDVPortgroup_Task", InTask: &types.ConcurrentAccess{}})
	before := w.dvpg(dvpg0)
	w.ResetCalls()
	outcomes, err := w.apply(p)
	if err == nil || len(outcomes) != 1 || outcomes[0].err == nil || w.Count("ReconfigureDVPortgroup_Task") != 6 {
		t.Errorf("got %v, %v with %d tries", err, outcomes, w.Count("ReconfigureDVPortgroup_Task"))
	}
	if got := w.dvpg(dvpg0); !reflect.DeepEqual(got, before) {
		t.Errorf("got %+v", got)
	}
}

// A rival that turned MAC learning on in the meantime makes promiscuous mode needless.
func TestDistributedRivalMadeItNeedless(t *testing.T) {
	w := start(t, distributedInventory(), Options{})
	p := w.plan(w.Nodes(1)...)
	w.mac(dvpg0, learning)
	w.applied(p)
	if m := setting(w.dvpg(dvpg0)).MacManagementPolicy; *m.AllowPromiscuous || !*m.ForgedTransmits || !m.MacLearningPolicy.Enabled {
		t.Errorf("got %+v", m)
	}
}

// A revert leaves alone what others set since, and refuses where ours is gone, or where all of it would go.
func TestDistributedRevertAndRivals(t *testing.T) {
	yes, no := true, false
	t.Run("others' settings stay", func(t *testing.T) {
		w := start(t, distributedInventory(), Options{})
		w.mac(dvpg0)
		changes := w.applied(w.plan(w.Nodes(1)...))
		w.rival(&types.DVSMacManagementPolicy{AllowPromiscuous: &yes, MacChanges: &yes, ForgedTransmits: &yes})
		_, err := w.revert(changes)
		must(t, err)
		m := setting(w.dvpg(dvpg0)).MacManagementPolicy
		if *m.AllowPromiscuous || *m.ForgedTransmits || !*m.MacChanges {
			t.Errorf("got %+v", m)
		}
	})
	for name, rival := range map[string]*types.DVSMacManagementPolicy{
		"ours is gone":      {AllowPromiscuous: &yes, MacChanges: &no, ForgedTransmits: &no},
		"theirs would go":   {AllowPromiscuous: &yes, MacChanges: &yes, ForgedTransmits: &yes},
		"neither ours left": {AllowPromiscuous: &no, MacChanges: &yes, ForgedTransmits: &no},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, distributedInventory(), Options{})
			changes := w.applied(w.plan(w.Nodes(1)...)) // it was inherited, which covers the whole
			w.rival(rival)
			before := w.dvpg(dvpg0)
			outcomes, err := w.revert(changes)
			if err == nil || len(outcomes) != 1 || !errors.Is(outcomes[0].err, platform.ErrMoved) {
				t.Errorf("got %v, %v", err, outcomes)
			}
			if got := w.dvpg(dvpg0); !reflect.DeepEqual(got, before) {
				t.Errorf("it was written: %+v", got)
			}
		})
	}
}
