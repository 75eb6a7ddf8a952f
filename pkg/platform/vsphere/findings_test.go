package vsphere

import (
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

// plant is one code: an inventory where it is silent, and what makes it speak.
type plant struct {
	code    finding.Code
	name    string
	options Options
	vcenter fakevcenter.Options
	// healthy makes the twin, and sick changes it by what the finding is about.
	healthy, sick func(w *world)
	level         finding.Level
	object        string
	// says are words of the message, the reason or the fix.
	says []string
}

func standardInventory() fakevcenter.Options { return fakevcenter.Options{Hosts: 3, VMs: 1} }

func distributedInventory() fakevcenter.Options {
	return fakevcenter.Options{Hosts: 3, VMs: 1, PortGroups: 2}
}

// mac sets a distributed port group's policy: what is accepted, explicitly, and all else rejected.
func (w *world) mac(portGroup string, accepted ...field) {
	w.t.Helper()
	no := false
	m := types.DVSMacManagementPolicy{AllowPromiscuous: &no, MacChanges: &no, ForgedTransmits: &no}
	must(w.t, w.SetDVPolicy(portGroup, types.VMwareDVSPortSetting{MacManagementPolicy: macWith(m, accepted)}))
}

// security sets the same of a standard port group, on some hosts of the first three.
func (w *world) security(hosts []int, accepted ...field) {
	w.t.Helper()
	for _, h := range hosts {
		must(w.t, w.SetHostPolicy(esx(h), vmNetwork, accept(accepted...)))
	}
}

func all3() []int { return []int{0, 1, 2} }

func plants() []plant {
	return []plant{
		{
			code: finding.NoVM, vcenter: distributedInventory(), level: finding.Error, object: router,
			sick: func(w *world) {
				must(w.t, w.EditVM(machine(0), func(c *types.VirtualMachineConfigInfo, g *types.GuestInfo) {
					c.Uuid, c.InstanceUuid, g.HostName = "423c0000-0000-0000-0000-000000000001", "", "elsewhere"
				}))
			},
			says: []string{"node dc0-c0-rp0-vm0", "no virtual machine has its UUID or name"},
		},
		{
			code: finding.ForgedTransmits, vcenter: distributedInventory(), level: finding.Error, object: router,
			healthy: func(w *world) { w.mac(dvpg0, forged, promiscuous) },
			sick:    func(w *world) { w.mac(dvpg0, promiscuous) },
			says:    []string{"forged transmits are rejected on port group DC0_DVPG0"},
		},
		{
			code: finding.ForgedTransmits, name: "standard, one host of three", vcenter: standardInventory(), level: finding.Error, object: router,
			healthy: func(w *world) { w.security(all3(), forged, promiscuous) },
			sick:    func(w *world) { w.security([]int{2}, promiscuous) },
			says:    []string{"on DC0_C0_H2 (1 of 3 hosts)", "cluster DC0_C0"},
		},
		{
			code: finding.MACChanges, name: "minimal", vcenter: distributedInventory(), level: finding.Warning, object: router,
			healthy: func(w *world) { w.mac(dvpg0, forged, promiscuous, macChanges) },
			sick:    func(w *world) { w.mac(dvpg0, forged, promiscuous) },
			says:    []string{"OpenShift's documentation asks for MAC address changes"},
		},
		{
			code: finding.MACChanges, name: "docs", options: Options{Require: RequireDocs}, vcenter: distributedInventory(), level: finding.Error, object: router,
			healthy: func(w *world) { w.mac(dvpg0, forged, promiscuous, macChanges) },
			sick:    func(w *world) { w.mac(dvpg0, forged, promiscuous) },
		},
		{
			code: finding.Promiscuous, vcenter: distributedInventory(), level: finding.Error, object: router,
			healthy: func(w *world) { w.mac(dvpg0, forged, learning) },
			sick:    func(w *world) { w.mac(dvpg0, forged) },
			says:    []string{"promiscuous mode is rejected on port group DC0_DVPG0"},
		},
		{
			code: finding.Promiscuous, name: "docs do not count MAC learning", options: Options{Require: RequireDocs}, vcenter: distributedInventory(),
			level: finding.Error, object: router,
			healthy: func(w *world) { w.mac(dvpg0, forged, promiscuous, macChanges) },
			sick:    func(w *world) { w.mac(dvpg0, forged, learning, macChanges) },
		},
		{
			code: finding.NSX, name: "opaque network", vcenter: fakevcenter.Options{Hosts: 1, VMs: 1, PortGroups: 1, OpaqueNetwork: true}, level: finding.Error, object: router,
			sick: func(w *world) { must(w.t, w.MoveVM(machine(0), "DC0_NSX0")) },
			says: []string{"DC0_NSX0", "MAC learning on", "4096", "600 s", "SpoofGuard"},
		},
		{
			code: finding.NSX, name: "port group backed by NSX", vcenter: fakevcenter.Options{Hosts: 1, VMs: 1, PortGroups: 1, NSXPortGroup: true}, level: finding.Error, object: router,
			sick: func(w *world) { must(w.t, w.MoveVM(machine(0), "DC0_NSXPG0")) },
			says: []string{"DC0_NSXPG0"},
		},
		{
			code: finding.MACLearning, vcenter: distributedInventory(), level: finding.Info, object: "port group " + dvpg0,
			healthy: func(w *world) { w.mac(dvpg0, forged, learning) },
			sick:    func(w *world) { w.mac(dvpg0, forged, promiscuous) },
			says:    []string{"switch DVS0 (version 8.0.2)", "--use-mac-learning"},
		},
		{
			code: finding.HostsDiffer, vcenter: standardInventory(), level: finding.Warning, object: "port group " + vmNetwork,
			healthy: func(w *world) { w.security(all3(), forged, promiscuous) },
			sick:    func(w *world) { w.security([]int{1}, forged) },
			says: []string{
				"3 hosts of cluster DC0_C0", "2 different security policies", "promiscuous mode rejected, MAC address changes rejected, forged transmits accepted on DC0_C0_H1",
			},
		},
		{
			code: finding.NoPrivilege, name: "on a host", vcenter: standardInventory(), level: finding.Error,
			sick: func(w *world) { w.Deny("Host.Config.Network", esx(1)) },
			says: []string{"no privilege Host.Config.Network on host DC0_C0_H1", "1 of the 3 changes"},
		},
		{
			code: finding.NoPrivilege, name: "on a distributed port group", vcenter: distributedInventory(), level: finding.Error,
			sick: func(w *world) { w.Deny("DVPortgroup.Modify", dvpg0) },
			says: []string{"no privilege DVPortgroup.Modify on distributed port group DC0_DVPG0"},
		},
		{
			code: finding.OtherVMs, vcenter: distributedInventory(), level: finding.Warning, object: "port group DC0_DVPG1",
			healthy: func(w *world) { must(w.t, w.MoveVM(machine(0), "DC0_DVPG1")); w.mac("DC0_DVPG1", forged, promiscuous) },
			sick:    func(w *world) { must(w.t, w.MoveVM(machine(2), "DC0_DVPG1")) },
			says:    []string{"other virtual machines share port group DC0_DVPG1 (1): DC0_C0_RP0_VM2"},
		},
		{
			code: finding.Duplicates, vcenter: standardInventory(), level: finding.Warning, object: "port group " + vmNetwork,
			healthy: func(w *world) { w.security(all3(), forged, promiscuous) },
			sick:    func(w *world) { must(w.t, w.SetUplinks(esx(1), "vSwitch0", 2)) },
			says:    []string{"2 uplinks on DC0_C0_H1 (1 of 3 hosts)", "ReversePathFwdCheckPromisc"},
		},
		{
			code: finding.Hardening, vcenter: standardInventory(), level: finding.Info, object: "port group " + vmNetwork,
			healthy: func(w *world) { w.security(all3(), forged, promiscuous) },
			sick:    func(w *world) { w.security(all3(), forged); must(w.t, w.SetHostVersion(esx(0), "7.0.3")) },
			says:    []string{"CIS ESXi 7.0 section 7.1-7.2", "ESXi 7 STIG V-256422", "ESXi 8 STIG V-258773 (promiscuous mode)"},
		},
	}
}

func TestFindings(t *testing.T) {
	for _, p := range plants() {
		t.Run(string(p.code)+" "+p.name, func(t *testing.T) {
			w := start(t, p.vcenter, p.options)
			nodes := w.Nodes(1)
			if p.healthy != nil {
				p.healthy(w)
			}
			if f := of(t, w.plan(nodes...).Findings, p.code); f.Code != "" {
				t.Errorf("the healthy twin has %+v", f)
			}
			p.sick(w)
			f := of(t, w.plan(nodes...).Findings, p.code)
			if f.Level != p.level || p.object != "" && f.Object != p.object {
				t.Fatalf("got %+v, want level %s of %s", f, p.level, p.object)
			}
			if f.Message == "" || f.Why == "" || f.Fix == "" {
				t.Errorf("a field is empty: %+v", f)
			}
			for _, words := range p.says {
				if !strings.Contains(f.Message+"\n"+f.Why+"\n"+f.Fix+"\n"+strings.Join(f.Commands, "\n"), words) {
					t.Errorf("%q is not in %+v", words, f)
				}
			}
		})
	}
}

// Every code of vSphere has a place above, where both the silence and the finding are tested.
func TestEveryCodeIsPlanted(t *testing.T) {
	for _, e := range finding.Catalogue() {
		if !strings.HasPrefix(string(e.Code), "EGR4") {
			continue
		}
		if !slices.ContainsFunc(plants(), func(p plant) bool { return p.code == e.Code && p.sick != nil }) {
			t.Errorf("no test plants %s", e.Code)
		}
	}
}

func TestAllIsWellSaysYes(t *testing.T) {
	w := start(t, fakevcenter.Options{Hosts: 2, VMs: 1, PortGroups: 1}, Options{})
	w.mac(dvpg0, forged, learning, macChanges)
	p := w.plan(w.Nodes(2)...)
	want := []platform.Permission{
		{Router: router, Node: "dc0-c0-rp0-vm0", Allowed: platform.Yes}, {Router: router, Node: "dc0-c0-rp0-vm1", Allowed: platform.Yes},
	}
	if !slices.Equal(p.Permissions, want) || len(p.Changes) != 0 || len(p.Findings) != 0 {
		t.Errorf("got %+v, %+v and %+v", p.Permissions, p.Changes, p.Findings)
	}
}
