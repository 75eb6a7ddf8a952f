package vcenter

import (
	"context"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// version is that of the vCenter and its distributed switches; the simulator's hosts are 8.0.2 already.
const version = "8.0.2"

// create makes the inventory and puts the extended objects in the place of the simulator's own.
func (s *Server) create() error {
	m := simulator.VPX()
	s.model = m
	m.ServiceContent.About.Version, m.ServiceContent.About.ApiVersion = version, version+".0"
	m.Host, m.Machine, m.Autostart = 0, 0, false
	m.Cluster, m.ClusterHost, m.Portgroup = s.options.Clusters, s.options.Hosts, s.options.PortGroups
	if s.options.NSXPortGroup {
		m.PortgroupNSX = 1
	}
	if s.options.OpaqueNetwork {
		m.OpaqueNetwork = 1
		if m.Portgroup == 0 { // the simulator needs a distributed switch for it
			m.PortgroupNSX = 1
		}
	}
	if err := m.Create(); err != nil {
		return fmt.Errorf("creating the simulator's inventory: %w", err)
	}
	for _, e := range m.Map().All("") {
		s.name(e.Reference(), entityName(e))
	}
	if err := s.createVMs(); err != nil {
		return err
	}
	s.extendSwitches()
	if err := s.extendHosts(); err != nil {
		return err
	}
	s.extendManagers()
	for _, vm := range s.vms {
		s.settleVM(vm)
	}
	return s.placeVMs()
}

// createVMs makes the VMs by itself: the model waits for each one's task, which takes half a minute for a
// thousand.
func (s *Server) createVMs() error {
	ctx := context.Background()
	client, err := vim25.NewClient(ctx, s.model.Service)
	if err != nil {
		return fmt.Errorf("connecting to the simulator: %w", err)
	}
	dc := s.model.Map().Any("Datacenter").(*simulator.Datacenter)
	folder := object.NewFolder(client, dc.VmFolder)
	var tasks []*object.Task
	for v := range s.options.VMs {
		for c := range s.options.Clusters {
			pool := s.pool(c)
			for h := range s.options.Hosts {
				host, err := s.find("HostSystem", fmt.Sprintf("DC0_C%d_H%d", c, h))
				if err != nil {
					return err
				}
				name := fmt.Sprintf("DC0_C%d_RP0_VM%d", c, h*s.options.VMs+v)
				task, err := folder.CreateVM(ctx, vmSpec(name), object.NewResourcePool(client, pool), object.NewHostSystem(client, host))
				if err != nil {
					return fmt.Errorf("creating %s: %w", name, err)
				}
				tasks = append(tasks, task)
			}
		}
	}
	for _, t := range tasks {
		task := s.model.Map().Get(t.Reference()).(*simulator.Task)
		task.Wait()
		ref, ok := task.Info.Result.(types.ManagedObjectReference)
		if !ok {
			return fmt.Errorf("creating a VM: %+v", task.Info.Error)
		}
		s.vms = append(s.vms, ref)
		s.name(ref, entityName(s.model.Map().Get(ref).(mo.Entity)))
	}
	return nil
}

// vmSpec is a VM with one NIC, whose backing is settled later.
func vmSpec(name string) types.VirtualMachineConfigSpec {
	nic := &types.VirtualVmxnet3{}
	nic.Key = -1
	nic.Backing = &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "VM Network"},
	}
	return types.VirtualMachineConfigSpec{
		Name: name, GuestId: string(types.VirtualMachineGuestOsIdentifierRhel9_64Guest),
		Files: &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{&types.VirtualDeviceConfigSpec{
			Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: nic,
		}},
	}
}

// pool is the root resource pool of cluster c.
func (s *Server) pool(c int) types.ManagedObjectReference {
	for _, e := range s.model.Map().All("ClusterComputeResource") {
		if cluster, ok := e.(*simulator.ClusterComputeResource); ok && cluster.Name == fmt.Sprintf("DC0_C%d", c) {
			return *cluster.ResourcePool
		}
	}
	return types.ManagedObjectReference{}
}

// placeVMs puts every VM on its first network.
func (s *Server) placeVMs() error {
	network := "VM Network"
	if s.options.PortGroups > 0 {
		network = "DC0_DVPG0"
	}
	for _, vm := range s.vms {
		if err := s.MoveVM(s.nameOf(vm), network); err != nil {
			return err
		}
	}
	return nil
}

// name notes what an object is called.
func (s *Server) name(ref types.ManagedObjectReference, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[ref] = name
}

// nameOf is what an object is called; a host's network system is called as its host is.
func (s *Server) nameOf(ref types.ManagedObjectReference) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := s.names[ref]; ok {
		return name
	}
	return ref.Value
}

// find is the object of a kind (Network takes in all that a NIC can be on) and a name.
func (s *Server) find(kind, name string) (types.ManagedObjectReference, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ref, n := range s.names {
		isNetwork := ref.Type == "DistributedVirtualPortgroup" || ref.Type == "OpaqueNetwork"
		if n == name && (ref.Type == kind || kind == "Network" && isNetwork) {
			return ref, nil
		}
	}
	return types.ManagedObjectReference{}, fmt.Errorf("there is no %s called %q", kind, name)
}

// entityName is an entity's name, which networks and switches hold in a field of their own.
func entityName(e mo.Entity) string {
	switch x := e.(type) {
	case *mo.Network:
		return x.Name
	case *mo.OpaqueNetwork:
		return x.Name
	case *simulator.DistributedVirtualPortgroup:
		return x.Name
	case *simulator.DistributedVirtualSwitch:
		return x.Name
	}
	return strings.TrimSpace(e.Entity().Name)
}
