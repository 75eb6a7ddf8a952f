package vsphere

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

// A node on two networks: the address in the reserved address's subnet tells which, by one more call.
func TestSeveralNICs(t *testing.T) {
	w := start(t, fakevcenter.Options{Hosts: 2, VMs: 1, PortGroups: 2}, Options{})
	must(t, w.AddNIC(machine(0), "DC0_DVPG1"))
	set := func(first, second string) {
		must(t, w.EditVM(machine(0), func(_ *types.VirtualMachineConfigInfo, g *types.GuestInfo) {
			given := []string{first, second}
			for i := range g.Net {
				if g.Net[i].DeviceConfigId >= 0 {
					g.Net[i].IpAddress, given = []string{given[0], "fe80::1"}, given[1:]
				}
			}
		}))
	}
	node := w.Nodes(1)[0]
	plan := func(ip string, addresses ...string) *platform.Plan {
		node.Addresses = nil
		for _, a := range addresses {
			node.Addresses = append(node.Addresses, netip.MustParseAddr(a))
		}
		w.ResetCalls()
		p, err := w.adapter.Plan(t.Context(), []platform.Attachment{{Router: router, Node: node, IP: netip.MustParsePrefix(ip)}})
		must(t, err)
		if n := w.Count("RetrievePropertiesEx"); n != 2 {
			t.Errorf("%d reads, want 2", n)
		}
		return p
	}
	for _, test := range []struct{ name, first, second, ip, node, want string }{
		{"by subnet", "10.0.0.5", "192.0.2.5", "192.0.2.9/24", "10.0.0.5", "DC0_DVPG1"},
		{"by the node's address", "10.0.0.5", "192.0.2.5", "198.51.100.9/32", "10.0.0.5", dvpg0},
		{"by the node's address in the subnet", "192.0.2.4", "192.0.2.5", "192.0.2.9/24", "192.0.2.5", "DC0_DVPG1"},
		{"ambiguous", "10.0.0.5", "10.0.0.6", "192.0.2.9/24", "172.16.0.1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			set(test.first, test.second)
			p := plan(test.ip, test.node)
			if test.want == "" {
				f := of(t, p.Findings, finding.NoVM)
				if !strings.Contains(f.Message, "it is on 2 networks, and the addresses that its guest reports do not tell which") || len(p.Changes) != 0 {
					t.Errorf("got %+v", p)
				}
				return
			}
			if len(p.Changes) != 1 || !strings.HasPrefix(p.Changes[0].Target, "distributed port group "+test.want+" ") {
				t.Errorf("got %+v", p.Changes)
			}
		})
	}
}

// Ports are read only where they may differ from their group, and never written.
func TestPortOverrides(t *testing.T) {
	no := false
	w := start(t, fakevcenter.Options{Hosts: 2, VMs: 1, PortGroups: 1}, Options{})
	w.mac(dvpg0, forged, promiscuous, macChanges)
	w.ResetCalls()
	if p := w.plan(w.Nodes(2)...); w.Count("FetchDVPorts") != 0 || len(p.Changes) != 0 {
		t.Errorf("%v, %+v", w.Calls(), p.Changes)
	}
	must(t, w.EditDV(dvpg0, func(c *types.DVPortgroupConfigInfo) {
		yes := true
		c.Policy.(*types.VMwareDVSPortgroupPolicy).MacManagementOverrideAllowed = &yes
	}))
	must(t, w.SetPortOverride(dvpg0, machine(1), types.VMwareDVSPortSetting{MacManagementPolicy: &types.DVSMacManagementPolicy{
		AllowPromiscuous: &no, MacChanges: &no, ForgedTransmits: &no,
	}}))
	w.ResetCalls()
	p := w.plan(w.Nodes(2)...)
	if w.Count("FetchDVPorts") != 1 || len(p.Changes) != 0 {
		t.Errorf("%v, %+v", w.Calls(), p.Changes)
	}
	f := of(t, p.Findings, finding.ForgedTransmits)
	if !strings.Contains(f.Why, "affects node dc0-c0-rp0-vm1 in") || !strings.Contains(f.Fix, "override of the node's port") {
		t.Errorf("got %+v", f)
	}
	if p.Permissions[0].Allowed != platform.Yes || p.Permissions[1].Allowed != platform.No {
		t.Errorf("got %+v", p.Permissions)
	}
}

// With --scope=vswitch what is opened is the switch: who is on its other port groups counts too.
func TestBlastRadius(t *testing.T) {
	for scope, want := range map[string]string{
		ScopePortGroup: "", ScopeVSwitch: "other virtual machines share port group VM Network (1): DC0_C0_RP0_VM1",
	} {
		t.Run(scope, func(t *testing.T) {
			w := start(t, fakevcenter.Options{Hosts: 1, VMs: 2}, Options{Scope: scope})
			must(t, w.AddPortGroup("Backup", "vSwitch0", esx(0)))
			must(t, w.MoveVM(machine(1), "Backup"))
			if f := of(t, w.plan(w.Nodes(1)...).Findings, finding.OtherVMs); f.Message != want {
				t.Errorf("got %+v, want %q", f, want)
			}
		})
	}
}
