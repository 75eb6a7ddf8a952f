package vcenter

import (
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// placed is where a VM is: its host, its networks, and what each NIC is backed by.
type placed struct {
	Host               string
	Networks, Backings []string
}

func place(t *testing.T, s *Server, c *govmomi.Client, name string) placed {
	t.Helper()
	ref, err := s.find("VirtualMachine", name)
	must(t, err)
	var vm mo.VirtualMachine
	must(t, c.RetrieveOne(t.Context(), ref, []string{"runtime.host", "network", "config.hardware.device"}, &vm))
	p := placed{Host: s.nameOf(*vm.Runtime.Host)}
	for _, n := range vm.Network {
		p.Networks = append(p.Networks, s.nameOf(n))
	}
	for _, device := range vm.Config.Hardware.Device {
		card, ok := device.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		switch b := card.GetVirtualEthernetCard().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			p.Backings = append(p.Backings, "standard "+b.DeviceName)
		case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
			p.Backings = append(p.Backings, "distributed "+s.nameOf(types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: b.Port.PortgroupKey}))
		case *types.VirtualEthernetCardOpaqueNetworkBackingInfo:
			p.Backings = append(p.Backings, "opaque "+b.OpaqueNetworkType)
		}
	}
	return p
}

func TestVMsMoveBetweenNetworksAndHosts(t *testing.T) {
	s, c := start(t, Options{Hosts: 2, VMs: 1, PortGroups: 1, OpaqueNetwork: true, NSXPortGroup: true})
	same(t, "at first", place(t, s, c, "DC0_C0_RP0_VM1"), placed{"DC0_C0_H1", []string{"DC0_DVPG0"}, []string{"distributed DC0_DVPG0"}})
	must(t, s.MoveVM("DC0_C0_RP0_VM1", "VM Network"))
	must(t, s.AddNIC("DC0_C0_RP0_VM1", "DC0_NSXPG0"))
	must(t, s.MoveVMToHost("DC0_C0_RP0_VM1", "DC0_C0_H0"))
	same(t, "moved", place(t, s, c, "DC0_C0_RP0_VM1"), placed{
		"DC0_C0_H0", []string{"VM Network", "DC0_NSXPG0"}, []string{"standard VM Network", "distributed DC0_NSXPG0"},
	})
	must(t, s.MoveVM("DC0_C0_RP0_VM1", "DC0_DVPG0"))
	ref, err := s.find("VirtualMachine", "DC0_C0_RP0_VM1")
	must(t, err)
	if nics := s.nics(s.context(), ref); len(nics) != 2 || nics[0].port.PortKey == nics[1].port.PortKey {
		t.Errorf("the two NICs are on the ports %+v and %+v", nics[0].port, nics[1].port)
	}
	must(t, s.MoveVM("DC0_C0_RP0_VM1", "DC0_NSX0"))
	same(t, "on NSX", place(t, s, c, "DC0_C0_RP0_VM1"), placed{
		"DC0_C0_H0", []string{"DC0_NSX0"}, []string{"opaque nsx.LogicalSwitch", "opaque nsx.LogicalSwitch"},
	})
	vms := map[string]int{}
	for _, network := range []string{"VM Network", "DC0_DVPG0", "DC0_NSXPG0", "DC0_NSX0"} {
		ref, err := s.find("Network", network)
		must(t, err)
		var n mo.Network
		must(t, c.RetrieveOne(t.Context(), ref, []string{"name", "vm", "host"}, &n))
		vms[n.Name] = len(n.Vm)
		if len(n.Host) != 2 {
			t.Errorf("%s has the hosts %v", n.Name, n.Host)
		}
	}
	same(t, "VMs of the networks", vms, map[string]int{"VM Network": 0, "DC0_DVPG0": 1, "DC0_NSXPG0": 0, "DC0_NSX0": 1})
	same(t, "NSX", dvpg(t, s, c, "DC0_NSXPG0").BackingType, "nsx")
	for _, h := range []struct {
		name string
		vms  int
	}{{"DC0_C0_H0", 2}, {"DC0_C0_H1", 0}} {
		ref, err := s.find("HostSystem", h.name)
		must(t, err)
		var got mo.HostSystem
		must(t, c.RetrieveOne(t.Context(), ref, []string{"vm"}, &got))
		same(t, h.name, len(got.Vm), h.vms)
	}
	must(t, s.EditVM("DC0_C0_RP0_VM0", func(config *types.VirtualMachineConfigInfo, guest *types.GuestInfo) {
		config.Uuid, guest.HostName = "00112233-4455-6677-8899-aabbccddeeff", "worker-0"
	}))
	same(t, "edited", s.Nodes(1)[0].ProviderID, "vsphere://00112233-4455-6677-8899-aabbccddeeff")
	if s.MoveVM("DC0_C0_RP0_VM0", "nowhere") == nil || s.MoveVMToHost("DC0_C0_RP0_VM0", "nowhere") == nil || s.MoveVM("nobody", "VM Network") == nil {
		t.Error("an unknown name is no error")
	}
}
