package vcenter

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Nodes are the first n VMs, or all where there are fewer, as nodes of a Kubernetes cluster. They go round the
// hosts: the first VM of each host comes before the second of any. The provider ID holds the VM's BIOS UUID, the
// system UUID the same with its first three groups byte-swapped, as many firmwares give it.
func (s *Server) Nodes(n int) []platform.Node {
	var nodes []platform.Node
	for _, ref := range s.vms[:min(n, len(s.vms))] {
		vm := s.model.Map().Get(ref).(*simulator.VirtualMachine)
		s.context().WithLock(vm, func() {
			node := platform.Node{
				Name: vm.Guest.HostName, ProviderID: "vsphere://" + vm.Config.Uuid,
				SystemUUID: swapped(vm.Config.Uuid), Hostname: vm.Guest.HostName,
			}
			for _, nic := range vm.Guest.Net {
				if nic.DeviceConfigId < 0 {
					continue
				}
				for _, ip := range nic.IpAddress {
					if address, err := netip.ParseAddr(ip); err == nil {
						node.Addresses = append(node.Addresses, address)
					}
				}
			}
			nodes = append(nodes, node)
		})
	}
	return nodes
}

// settleVM powers a VM on and lets its guest report: a name, the address of its NIC, and an interface that is
// none of the VM's NICs, as a node's bridge is.
func (s *Server) settleVM(ref types.ManagedObjectReference) {
	vm := s.model.Map().Get(ref).(*simulator.VirtualMachine)
	mac, ip := s.newNIC()
	name := strings.ToLower(strings.ReplaceAll(vm.Name, "_", "-"))
	vm.Runtime.PowerState, vm.Summary.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOn, types.VirtualMachinePowerStatePoweredOn
	vm.Guest.HostName, vm.Guest.IpAddress = name, ip
	vm.Guest.Net = nil
	for _, device := range vm.Config.Hardware.Device {
		if card, ok := device.(types.BaseVirtualEthernetCard); ok {
			card.GetVirtualEthernetCard().MacAddress = mac
			vm.Guest.Net = append(vm.Guest.Net, guestNIC("", mac, device.GetVirtualDevice().Key, ip))
		}
	}
	vm.Guest.Net = append(vm.Guest.Net, guestNIC("", "0a:58:0a:80:00:01", -1, "10.128.0.1"))
	if vm.Summary.Guest != nil {
		vm.Summary.Guest.HostName, vm.Summary.Guest.IpAddress = name, ip
	}
}

func guestNIC(network, mac string, key int32, ip string) types.GuestNicInfo {
	return types.GuestNicInfo{Network: network, MacAddress: mac, Connected: true, DeviceConfigId: key, IpAddress: []string{ip}}
}

// newNIC is a MAC of VMware's own range, and an address, that no other NIC has.
func (s *Server) newNIC() (mac, ip string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextNIC++
	n := s.nextNIC
	return fmt.Sprintf("00:50:56:80:%02x:%02x", n>>8&0xff, n&0xff), fmt.Sprintf("10.%d.%d.%d", n/62500, n/250%250, n%250+1)
}

// swapped is a UUID with the bytes of its first three groups in the other order.
func swapped(uuid string) string {
	groups := strings.Split(uuid, "-")
	for g := range min(3, len(groups)) {
		var reversed string
		for i := 0; i+1 < len(groups[g]); i += 2 {
			reversed = groups[g][i:i+2] + reversed
		}
		groups[g] = reversed
	}
	return strings.Join(groups, "-")
}
