package vcenter

import (
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestStandardSwitchesStartWithTheDefaultsOfVSphere7(t *testing.T) {
	s, c := start(t, Options{Hosts: 2, VMs: 1})
	for _, name := range []string{"DC0_C0_H0", "DC0_C0_H1"} {
		for _, group := range []string{"VM Network", "Management Network"} {
			same(t, name+" "+group, portGroup(t, s, c, name, group).ComputedPolicy.Security, security("nnn"))
		}
		h := host(t, s, c, name)
		same(t, name, h.Config.Network.Vswitch[0].Spec.Policy.Security, security("nnn"))
		var ns mo.HostNetworkSystem
		must(t, c.RetrieveOne(t.Context(), *h.ConfigManager.NetworkSystem, []string{"networkInfo"}, &ns))
		same(t, "networkInfo of "+name, ns.NetworkInfo, h.Config.Network)
	}
}

func TestUpdatePortGroupReplacesTheWholeSpec(t *testing.T) {
	s, c := start(t, Options{Hosts: 2})
	before, other := portGroup(t, s, c, "DC0_C0_H0", "Management Network"), host(t, s, c, "DC0_C0_H1")
	if before.Spec.Policy.NicTeaming == nil {
		t.Fatal("the port group overrides nothing to begin with")
	}
	spec := types.HostPortGroupSpec{
		Name: "Management Network", VswitchName: "vSwitch0", VlanId: 42,
		Policy: types.HostNetworkPolicy{Security: security("y-y")},
	}
	must(t, updatePortGroup(t, s, c, "DC0_C0_H0", spec))
	vSwitch := host(t, s, c, "DC0_C0_H0").Config.Network.Vswitch[0].Spec.Policy
	want := before
	want.Spec, want.ComputedPolicy = spec, *vSwitch
	want.ComputedPolicy.Security = security("yny")
	same(t, "the port group", portGroup(t, s, c, "DC0_C0_H0", "Management Network"), want)
	same(t, "the other host", host(t, s, c, "DC0_C0_H1").Config, other.Config)

	// The spec that was there, sent back whole, restores the very object: nil is nil.
	must(t, updatePortGroup(t, s, c, "DC0_C0_H0", before.Spec))
	same(t, "restored", portGroup(t, s, c, "DC0_C0_H0", "Management Network"), before)
}

func TestUpdatePortGroupRefusesWhatAHostWould(t *testing.T) {
	s, c := start(t, Options{})
	before := host(t, s, c, "DC0_C0_H0").Config
	good := portGroup(t, s, c, "DC0_C0_H0", "VM Network").Spec
	unknown, noSwitch, vlan := good, good, good
	unknown.Name, noSwitch.VswitchName, vlan.VlanId = "nowhere", "vSwitch9", 4096
	for _, test := range []struct {
		spec types.HostPortGroupSpec
		want types.BaseMethodFault
	}{{unknown, &types.NotFound{}}, {noSwitch, &types.NotFound{}}, {vlan, &types.InvalidArgument{}}} {
		if err := updatePortGroup(t, s, c, "DC0_C0_H0", test.spec); !fault.Is(err, test.want) {
			t.Errorf("%+v: got %v, want %T", test.spec, err, test.want)
		}
	}
	same(t, "the host", host(t, s, c, "DC0_C0_H0").Config, before)
}

func TestUpdateVirtualSwitchRecomputesItsPortGroups(t *testing.T) {
	s, c := start(t, Options{})
	must(t, s.SetHostPolicy("DC0_C0_H0", "VM Network", types.HostNetworkPolicy{Security: security("--n")}))
	spec := host(t, s, c, "DC0_C0_H0").Config.Network.Vswitch[0].Spec
	spec.Policy.Security = security("yyy")
	ns := networkSystemOf(t, s, c, "DC0_C0_H0")
	_, err := methods.UpdateVirtualSwitch(t.Context(), c, &types.UpdateVirtualSwitch{This: ns, VswitchName: "vSwitch0", Spec: spec})
	must(t, err)
	net := host(t, s, c, "DC0_C0_H0").Config.Network
	same(t, "the spec", net.Vswitch[0].Spec, spec)
	same(t, "the uplinks", net.Vswitch[0].Pnic, []string{"key-vim.host.PhysicalNic-vmnic0"})
	same(t, "inherited", portGroup(t, s, c, "DC0_C0_H0", "Management Network").ComputedPolicy.Security, security("yyy"))
	same(t, "overridden", portGroup(t, s, c, "DC0_C0_H0", "VM Network").ComputedPolicy.Security, security("yyn"))

	// A spec without a bridge cuts the host off.
	spec.Bridge = nil
	_, err = methods.UpdateVirtualSwitch(t.Context(), c, &types.UpdateVirtualSwitch{This: ns, VswitchName: "vSwitch0", Spec: spec})
	must(t, err)
	if pnic := host(t, s, c, "DC0_C0_H0").Config.Network.Vswitch[0].Pnic; len(pnic) != 0 {
		t.Errorf("without a bridge the switch still has %v", pnic)
	}
}

func TestSettersOfSwitches(t *testing.T) {
	s, c := start(t, Options{Hosts: 2})
	must(t, s.SetSwitchPolicy("DC0_C0_H1", "vSwitch0", types.HostNetworkPolicy{Security: security("-yy")}))
	same(t, "H0", portGroup(t, s, c, "DC0_C0_H0", "VM Network").ComputedPolicy.Security, security("nnn"))
	same(t, "H1", portGroup(t, s, c, "DC0_C0_H1", "VM Network").ComputedPolicy.Security, security("nyy"))

	must(t, s.SetUplinks("DC0_C0_H0", "vSwitch0", 2))
	must(t, s.AddVirtualSwitch("DC0_C0_H0", "vSwitch1", 3))
	net := host(t, s, c, "DC0_C0_H0").Config.Network
	same(t, "uplinks", [][]string{net.Vswitch[0].Pnic, net.Vswitch[1].Pnic}, [][]string{
		{"key-vim.host.PhysicalNic-vmnic0", "key-vim.host.PhysicalNic-vmnic1"},
		{"key-vim.host.PhysicalNic-vmnic100", "key-vim.host.PhysicalNic-vmnic101", "key-vim.host.PhysicalNic-vmnic102"},
	})
	same(t, "active", portGroup(t, s, c, "DC0_C0_H0", "VM Network").ComputedPolicy.NicTeaming.NicOrder.ActiveNic, []string{"vmnic0", "vmnic1"})

	must(t, s.AddPortGroup("egress", "vSwitch1", "DC0_C0_H0"))
	must(t, s.AddPortGroup("both", "vSwitch0"))
	network, err := s.find("Network", "both")
	must(t, err)
	var n mo.Network
	must(t, c.RetrieveOne(t.Context(), network, nil, &n))
	if len(n.Host) != 2 || n.Name != "both" {
		t.Errorf("the network: %+v", n)
	}
	same(t, "egress", portGroup(t, s, c, "DC0_C0_H0", "egress").ComputedPolicy.Security, security("nnn"))
	must(t, s.RemovePortGroup("both", "DC0_C0_H1"))
	must(t, c.RetrieveOne(t.Context(), network, nil, &n))
	if groups := len(host(t, s, c, "DC0_C0_H1").Config.Network.Portgroup); len(n.Host) != 1 || groups != 2 {
		t.Errorf("after the removal: %v, %d port groups", n.Host, groups)
	}
	must(t, s.EditHost("DC0_C0_H1", func(net *types.HostNetworkInfo) {
		net.Vnic = nil
		net.Portgroup[0].Spec.Policy.Security = security("y--")
	}))
	same(t, "edited", portGroup(t, s, c, "DC0_C0_H1", "VM Network").ComputedPolicy.Security, security("yyy"))
	if vnics := host(t, s, c, "DC0_C0_H1").Config.Network.Vnic; len(vnics) != 0 {
		t.Errorf("the VMkernel adapters are %+v", vnics)
	}
	for what, err := range map[string]error{
		"host":       s.SetHostPolicy("nobody", "VM Network", types.HostNetworkPolicy{}),
		"port group": s.SetHostPolicy("DC0_C0_H0", "nothing", types.HostNetworkPolicy{}),
		"switch":     s.SetUplinks("DC0_C0_H0", "vSwitch9", 1),
	} {
		if err == nil {
			t.Errorf("an unknown %s is no error", what)
		}
	}
}
