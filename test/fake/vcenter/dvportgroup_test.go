package vcenter

import (
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/types"
)

// mac is a MAC management policy of its own: promiscuous mode, MAC changes, forged transmits.
func mac(values string, learning bool) *types.DVSMacManagementPolicy {
	policy := rejecting(false)
	three := security(values)
	policy.AllowPromiscuous, policy.MacChanges, policy.ForgedTransmits = three.AllowPromiscuous, three.MacChanges, three.ForgedTransmits
	policy.MacLearningPolicy.Enabled = learning
	return policy
}

func boolPolicy(inherited, value bool) *types.BoolPolicy {
	return &types.BoolPolicy{InheritablePolicy: types.InheritablePolicy{Inherited: inherited}, Value: types.NewBool(value)}
}

func TestDistributedPortGroupsStartInheritedAndRejecting(t *testing.T) {
	s, c := start(t, Options{PortGroups: 1})
	config := dvpg(t, s, c, "DC0_DVPG0")
	got := setting(t, config)
	same(t, "MAC management", got.MacManagementPolicy, rejecting(true))
	same(t, "security", got.SecurityPolicy, &types.DVSSecurityPolicy{
		InheritablePolicy: types.InheritablePolicy{Inherited: true},
		AllowPromiscuous:  boolPolicy(true, false), MacChanges: boolPolicy(true, false), ForgedTransmits: boolPolicy(true, false),
	})
	if config.ConfigVersion != "1" || *config.Uplink {
		t.Errorf("version %q, uplink %v", config.ConfigVersion, *config.Uplink)
	}
	if !*dvpg(t, s, c, "DVS0-DVUplinks-8").Uplink {
		t.Error("the uplinks do not say so")
	}
}

func TestReconfigureMergesAPartialSpecAndBumpsTheVersion(t *testing.T) {
	s, c := start(t, Options{PortGroups: 2})
	before, other := dvpg(t, s, c, "DC0_DVPG0"), dvpg(t, s, c, "DC0_DVPG1")
	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{
		ConfigVersion: before.ConfigVersion,
		DefaultPortConfig: &types.VMwareDVSPortSetting{MacManagementPolicy: &types.DVSMacManagementPolicy{
			AllowPromiscuous: types.NewBool(true), ForgedTransmits: types.NewBool(true),
		}},
	}))
	want := before
	changed := *setting(t, before)
	changed.MacManagementPolicy = mac("yny", false) // what was left out of the policy rejects
	changed.SecurityPolicy = &types.DVSSecurityPolicy{
		AllowPromiscuous: boolPolicy(false, true), MacChanges: boolPolicy(false, false), ForgedTransmits: boolPolicy(false, true),
	}
	want.DefaultPortConfig, want.ConfigVersion = &changed, "2"
	same(t, "the port group", dvpg(t, s, c, "DC0_DVPG0"), want)
	same(t, "the other", dvpg(t, s, c, "DC0_DVPG1"), other)

	// Inherited again: the very values from before.
	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{
		ConfigVersion:     "2",
		DefaultPortConfig: &types.VMwareDVSPortSetting{MacManagementPolicy: setting(t, before).MacManagementPolicy},
	}))
	want = before
	want.ConfigVersion = "3"
	same(t, "taken back", dvpg(t, s, c, "DC0_DVPG0"), want)

	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{ConfigVersion: "3", Description: "egress", NumPorts: 16}))
	want.ConfigVersion, want.Description, want.NumPorts = "4", "egress", 16
	same(t, "other fields", dvpg(t, s, c, "DC0_DVPG0"), want)
}

func TestMACLearningIsPartOfTheWholePolicy(t *testing.T) {
	s, c := start(t, Options{PortGroups: 1})
	learning := mac("nny", true)
	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{
		ConfigVersion: "1", DefaultPortConfig: &types.VMwareDVSPortSetting{MacManagementPolicy: learning},
	}))
	same(t, "on", setting(t, dvpg(t, s, c, "DC0_DVPG0")).MacManagementPolicy, learning)

	// The deprecated view changes its booleans only.
	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{
		ConfigVersion:     "2",
		DefaultPortConfig: &types.VMwareDVSPortSetting{SecurityPolicy: &types.DVSSecurityPolicy{MacChanges: boolPolicy(false, true)}},
	}))
	got := setting(t, dvpg(t, s, c, "DC0_DVPG0"))
	same(t, "after the security policy", got.MacManagementPolicy, mac("nyy", true))
	same(t, "merged", got.SecurityPolicy, &types.DVSSecurityPolicy{
		AllowPromiscuous: boolPolicy(false, false), MacChanges: boolPolicy(false, true), ForgedTransmits: boolPolicy(false, true),
	})

	// A policy that does not mention learning turns it off.
	off := mac("nyy", true)
	off.MacLearningPolicy = nil
	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{
		ConfigVersion: "3", DefaultPortConfig: &types.VMwareDVSPortSetting{MacManagementPolicy: off},
	}))
	same(t, "off", setting(t, dvpg(t, s, c, "DC0_DVPG0")).MacManagementPolicy, mac("nyy", false))
}

func TestPortGroupsInheritWhatTheSwitchHas(t *testing.T) {
	s, c := start(t, Options{PortGroups: 2})
	must(t, s.SetDVPolicy("DC0_DVPG1", types.VMwareDVSPortSetting{MacManagementPolicy: mac("nnn", false)}))
	must(t, s.SetDVSwitchPolicy(*mac("nny", true)))
	before := dvpg(t, s, c, "DC0_DVPG0")
	want := mac("nny", true)
	want.Inherited, want.MacLearningPolicy.Inherited = true, true
	same(t, "inherited", setting(t, before).MacManagementPolicy, want)
	same(t, "the deprecated view", setting(t, before).SecurityPolicy, securityOf(want))
	same(t, "not inherited", setting(t, dvpg(t, s, c, "DC0_DVPG1")).MacManagementPolicy, mac("nnn", false))

	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{
		ConfigVersion: before.ConfigVersion, DefaultPortConfig: &types.VMwareDVSPortSetting{MacManagementPolicy: mac("ynn", false)},
	}))
	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{
		ConfigVersion:     "2",
		DefaultPortConfig: &types.VMwareDVSPortSetting{MacManagementPolicy: &types.DVSMacManagementPolicy{InheritablePolicy: types.InheritablePolicy{Inherited: true}}},
	}))
	after := before
	after.ConfigVersion = "3"
	same(t, "inherited again", dvpg(t, s, c, "DC0_DVPG0"), after)
}

func TestReconfigureRefusesAnotherVersion(t *testing.T) {
	s, c := start(t, Options{PortGroups: 1, NSXPortGroup: true})
	rival := &types.VMwareDVSPortSetting{MacManagementPolicy: mac("nyn", false)}
	must(t, s.SetDVPolicy("DC0_DVPG0", *rival))
	before := dvpg(t, s, c, "DC0_DVPG0")
	same(t, "the rival's version", before.ConfigVersion, "2")
	for _, test := range []struct {
		group, version string
		want           types.BaseMethodFault
	}{
		{"DC0_DVPG0", "1", &types.ConcurrentAccess{}}, {"DC0_DVPG0", "", &types.InvalidArgument{}}, {"DC0_NSXPG0", "1", &types.NotSupported{}},
	} {
		err := reconfigure(t, s, c, test.group, types.DVPortgroupConfigSpec{
			ConfigVersion: test.version, DefaultPortConfig: &types.VMwareDVSPortSetting{MacManagementPolicy: mac("yyy", false)},
		})
		if !fault.Is(err, test.want) {
			t.Errorf("%s, version %q: got %v, want %T", test.group, test.version, err, test.want)
		}
	}
	same(t, "the port group", dvpg(t, s, c, "DC0_DVPG0"), before)
}

func TestHandsThatDisagree(t *testing.T) {
	s, c := start(t, Options{PortGroups: 1})
	must(t, s.SetDVPolicy("DC0_DVPG0", types.VMwareDVSPortSetting{
		MacManagementPolicy: mac("nny", false), SecurityPolicy: &types.DVSSecurityPolicy{AllowPromiscuous: boolPolicy(false, true)},
	}))
	got := setting(t, dvpg(t, s, c, "DC0_DVPG0"))
	same(t, "MAC management", got.MacManagementPolicy, mac("nny", false))
	same(t, "security", got.SecurityPolicy, &types.DVSSecurityPolicy{
		AllowPromiscuous: boolPolicy(false, true), MacChanges: boolPolicy(true, false), ForgedTransmits: boolPolicy(true, false),
	})
}

func TestAnOldSwitchHasNoMACManagement(t *testing.T) {
	s, c := start(t, Options{PortGroups: 1})
	must(t, s.SetSwitchVersion("6.5.0"))
	old := dvpg(t, s, c, "DC0_DVPG0")
	if setting(t, old).MacManagementPolicy != nil || setting(t, old).SecurityPolicy == nil {
		t.Errorf("got %s", dump(t, old))
	}
	err := reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{
		ConfigVersion: old.ConfigVersion, DefaultPortConfig: &types.VMwareDVSPortSetting{MacManagementPolicy: mac("yyy", false)},
	})
	if !fault.Is(err, &types.InvalidArgument{}) {
		t.Errorf("a MAC management policy: got %v", err)
	}
	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{
		ConfigVersion:     old.ConfigVersion,
		DefaultPortConfig: &types.VMwareDVSPortSetting{SecurityPolicy: &types.DVSSecurityPolicy{ForgedTransmits: boolPolicy(false, true)}},
	}))
	must(t, s.SetSwitchVersion("7.0.3"))
	same(t, "after the upgrade", setting(t, dvpg(t, s, c, "DC0_DVPG0")).MacManagementPolicy, mac("nny", false))
}
