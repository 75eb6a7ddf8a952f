package vcenter

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// SetPortOverride sets what the port of a VM on a distributed port group has of its own. The port group must
// allow it: see EditDV.
func (s *Server) SetPortOverride(portGroup, vm string, setting types.VMwareDVSPortSetting) error {
	group, err := s.find("DistributedVirtualPortgroup", portGroup)
	if err != nil {
		return err
	}
	ref, err := s.find("VirtualMachine", vm)
	if err != nil {
		return err
	}
	setting, err = clone(setting)
	if err != nil {
		return err
	}
	for _, nic := range s.nics(s.context(), ref) {
		if nic.port != nil && nic.port.PortgroupKey == group.Value {
			s.mu.Lock()
			s.override[nic.port.PortKey] = setting
			s.mu.Unlock()
			return nil
		}
	}
	return fmt.Errorf("%s has no port on %s", vm, portGroup)
}

// ports are those of all VMs on a distributed switch.
func (s *Server) ports(ctx *simulator.Context, switchUUID string) ([]types.DistributedVirtualPort, error) {
	var ports []types.DistributedVirtualPort
	for _, vm := range s.vms {
		for _, nic := range s.nics(ctx, vm) {
			if nic.port == nil || nic.port.SwitchUuid != switchUUID {
				continue
			}
			setting, err := s.portSetting(ctx, *nic.port)
			if err != nil {
				return nil, err
			}
			ports = append(ports, types.DistributedVirtualPort{
				Key: nic.port.PortKey, DvsUuid: switchUUID, PortgroupKey: nic.port.PortgroupKey,
				Config: types.DVPortConfigInfo{Setting: setting, ConfigVersion: "0"}, LastStatusChange: time.Unix(0, 0).UTC(),
				Connectee: &types.DistributedVirtualSwitchPortConnectee{
					ConnectedEntity: &vm, NicKey: strconv.Itoa(int(nic.key)), Type: "vmVnic",
				},
			})
		}
	}
	return ports, nil
}

// portSetting is what holds on a port: the port group's, and over it the port's own.
func (s *Server) portSetting(ctx *simulator.Context, port types.DistributedVirtualSwitchPortConnection) (*types.VMwareDVSPortSetting, error) {
	ref := types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: port.PortgroupKey}
	group, ok := s.model.Map().Get(ref).(*distributedPortGroup)
	if !ok {
		return nil, fmt.Errorf("port %s is on no port group", port.PortKey)
	}
	var config types.DVPortgroupConfigInfo
	var err error
	ctx.WithLock(group, func() { config, err = clone(group.Config) })
	if err != nil {
		return nil, err
	}
	setting, ok := config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
	if !ok {
		return nil, fmt.Errorf("the port setting of %s is not a VMware one", group.Name)
	}
	s.mu.Lock()
	own, ok := s.override[port.PortKey]
	s.mu.Unlock()
	if ok {
		s.merge(setting, own)
	}
	return setting, nil
}

// nic is one network adapter of a VM; port is nil where it is on no distributed port group.
type nic struct {
	key  int32
	port *types.DistributedVirtualSwitchPortConnection
}

// nics are a VM's network adapters.
func (s *Server) nics(ctx *simulator.Context, ref types.ManagedObjectReference) []nic {
	vm := s.model.Map().Get(ref).(*simulator.VirtualMachine)
	var nics []nic
	ctx.WithLock(vm, func() {
		for _, device := range vm.Config.Hardware.Device {
			card, ok := device.(types.BaseVirtualEthernetCard)
			if !ok {
				continue
			}
			n := nic{key: device.GetVirtualDevice().Key}
			if backing, ok := card.GetVirtualEthernetCard().Backing.(*types.VirtualEthernetCardDistributedVirtualPortBackingInfo); ok {
				port := backing.Port
				n.port = &port
			}
			nics = append(nics, n)
		}
	})
	return nics
}

// FetchDVPorts lists the ports that VMs are on, with what each overrides.
func (d *distributedSwitch) FetchDVPorts(ctx *simulator.Context, req *types.FetchDVPorts) soap.HasFault {
	body := &methods.FetchDVPortsBody{}
	ports, err := d.server.ports(ctx, d.Uuid)
	if err != nil {
		body.Fault_ = simulator.Fault(err.Error(), broken(err))
		return body
	}
	body.Res = &types.FetchDVPortsResponse{Returnval: slices.DeleteFunc(ports, func(p types.DistributedVirtualPort) bool {
		return !matches(p, req.Criteria)
	})}
	return body
}

// matches reports whether a port is one that the criteria ask for.
func matches(port types.DistributedVirtualPort, criteria *types.DistributedVirtualSwitchPortCriteria) bool {
	if criteria == nil {
		return true
	}
	if len(criteria.PortgroupKey) > 0 {
		inside := criteria.Inside == nil || *criteria.Inside
		if slices.Contains(criteria.PortgroupKey, port.PortgroupKey) != inside {
			return false
		}
	}
	if len(criteria.PortKey) > 0 && !slices.Contains(criteria.PortKey, port.Key) {
		return false
	}
	return criteria.Connected == nil || *criteria.Connected == (port.Connectee != nil)
}
