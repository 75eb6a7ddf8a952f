package vcenter

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// MoveVM puts every NIC of a VM on one network: a standard or distributed port group or an opaque network.
func (s *Server) MoveVM(vm, network string) error {
	return s.attach(vm, network, func(v *simulator.VirtualMachine, backing func() types.BaseVirtualDeviceBackingInfo, ref types.ManagedObjectReference) {
		for i, device := range v.Config.Hardware.Device {
			if card, ok := device.(types.BaseVirtualEthernetCard); ok {
				card.GetVirtualEthernetCard().Backing = backing()
				v.Config.Hardware.Device[i] = device
			}
		}
		v.Network = []types.ManagedObjectReference{ref}
		for i := range v.Guest.Net {
			if v.Guest.Net[i].DeviceConfigId >= 0 {
				v.Guest.Net[i].Network = network
			}
		}
	})
}

// AddNIC gives a VM one more NIC, on a network. The guest reports it, with an address of its own.
func (s *Server) AddNIC(vm, network string) error {
	mac, ip := s.newNIC()
	return s.attach(vm, network, func(v *simulator.VirtualMachine, backing func() types.BaseVirtualDeviceBackingInfo, ref types.ManagedObjectReference) {
		card := &types.VirtualVmxnet3{}
		card.Key = 4000 + int32(len(v.Guest.Net))
		card.Backing, card.MacAddress, card.AddressType = backing(), mac, "assigned"
		v.Config.Hardware.Device = append(v.Config.Hardware.Device, card)
		if !slices.Contains(v.Network, ref) {
			v.Network = append(slices.Clone(v.Network), ref)
		}
		v.Guest.Net = append(v.Guest.Net, guestNIC(network, mac, card.Key, ip))
	})
}

// attach changes what networks a VM is on, and then what VMs the networks have.
func (s *Server) attach(name, network string,
	edit func(*simulator.VirtualMachine, func() types.BaseVirtualDeviceBackingInfo, types.ManagedObjectReference),
) error {
	ref, err := s.find("VirtualMachine", name)
	if err != nil {
		return err
	}
	target, err := s.find("Network", network)
	if err != nil {
		return err
	}
	backing, err := s.backing(target, network)
	if err != nil {
		return err
	}
	vm := s.model.Map().Get(ref).(*simulator.VirtualMachine)
	var before, after []types.ManagedObjectReference
	s.context().WithLock(vm, func() {
		before = vm.Network
		edit(vm, backing, target)
		after = vm.Network
	})
	for _, n := range append(slices.Clone(before), after...) {
		lists, err := s.listsOf(n)
		if err != nil {
			return err
		}
		s.context().WithLock(n, func() {
			*lists.vm = slices.DeleteFunc(slices.Clone(*lists.vm), func(r types.ManagedObjectReference) bool { return r == ref })
			if slices.Contains(after, n) {
				*lists.vm = append(*lists.vm, ref)
			}
		})
	}
	return nil
}

// backing makes what a NIC on a network has: on a distributed port group, each time a new port.
func (s *Server) backing(ref types.ManagedObjectReference, name string) (func() types.BaseVirtualDeviceBackingInfo, error) {
	switch n := s.model.Map().Get(ref).(type) {
	case *mo.Network:
		return func() types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualEthernetCardNetworkBackingInfo{
				VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: name}, Network: &ref,
			}
		}, nil
	case *distributedPortGroup:
		var ref types.ManagedObjectReference
		s.context().WithLock(n, func() { ref = *n.Config.DistributedVirtualSwitch })
		dvs := s.model.Map().Get(ref).(*distributedSwitch)
		return func() types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
				Port: types.DistributedVirtualSwitchPortConnection{SwitchUuid: dvs.Uuid, PortgroupKey: n.Key, PortKey: s.newPort()},
			}
		}, nil
	case *mo.OpaqueNetwork:
		summary, ok := n.Summary.(*types.OpaqueNetworkSummary)
		if !ok {
			break
		}
		return func() types.BaseVirtualDeviceBackingInfo {
			return &types.VirtualEthernetCardOpaqueNetworkBackingInfo{
				OpaqueNetworkId: summary.OpaqueNetworkId, OpaqueNetworkType: summary.OpaqueNetworkType,
			}
		}, nil
	}
	return nil, fmt.Errorf("a NIC cannot be on %s", name)
}

// newPort is the key of a port that no other NIC has.
func (s *Server) newPort() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextPort++
	return strconv.Itoa(s.nextPort)
}

// MoveVMToHost runs a VM on another host, as vMotion would.
func (s *Server) MoveVMToHost(vm, host string) error {
	ref, err := s.find("VirtualMachine", vm)
	if err != nil {
		return err
	}
	target, err := s.find("HostSystem", host)
	if err != nil {
		return err
	}
	v := s.model.Map().Get(ref).(*simulator.VirtualMachine)
	s.context().WithLock(v, func() { v.Runtime.Host, v.Summary.Runtime.Host = &target, &target })
	for _, e := range s.model.Map().All("HostSystem") {
		h := e.(*simulator.HostSystem)
		s.context().WithLock(h, func() {
			h.Vm = slices.DeleteFunc(slices.Clone(h.Vm), func(r types.ManagedObjectReference) bool { return r == ref })
			if h.Self == target {
				h.Vm = append(h.Vm, ref)
			}
		})
	}
	return nil
}

// EditVM changes what a VM has and what its guest reports: UUIDs, names, addresses.
func (s *Server) EditVM(vm string, edit func(*types.VirtualMachineConfigInfo, *types.GuestInfo)) error {
	ref, err := s.find("VirtualMachine", vm)
	if err != nil {
		return err
	}
	v := s.model.Map().Get(ref).(*simulator.VirtualMachine)
	s.context().WithLock(v, func() { edit(v.Config, v.Guest) })
	return nil
}
