package vcenter

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// AddPortGroup adds a standard port group that overrides nothing to a switch of the hosts named, or of every
// host. It is one Network object, however many hosts carry it.
func (s *Server) AddPortGroup(name, vSwitch string, hosts ...string) error {
	for _, host := range s.orAll(hosts) {
		err := s.change(host, func(net *types.HostNetworkInfo) types.BaseMethodFault {
			v := indexSwitch(net, vSwitch)
			if v < 0 {
				return &types.NotFound{}
			}
			if indexPortGroup(net, name) >= 0 {
				return &types.AlreadyExists{Name: name}
			}
			net.Portgroup = append(net.Portgroup, types.HostPortGroup{
				Key: "key-vim.host.PortGroup-" + name, Vswitch: net.Vswitch[v].Key,
				Spec: types.HostPortGroupSpec{Name: name, VswitchName: vSwitch},
			})
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.carry(host, s.network(name)); err != nil {
			return err
		}
	}
	return nil
}

// RemovePortGroup takes a standard port group from the hosts named, or from every host. VMs stay on it.
func (s *Server) RemovePortGroup(name string, hosts ...string) error {
	ref, err := s.find("Network", name)
	if err != nil {
		return err
	}
	for _, host := range s.orAll(hosts) {
		err := s.change(host, func(net *types.HostNetworkInfo) types.BaseMethodFault {
			i := indexPortGroup(net, name)
			if i < 0 {
				return &types.NotFound{}
			}
			net.Portgroup = slices.Delete(net.Portgroup, i, i+1)
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.drop(host, ref); err != nil {
			return err
		}
	}
	return nil
}

// network is the Network object of a name, made where there is none.
func (s *Server) network(name string) types.ManagedObjectReference {
	if ref, err := s.find("Network", name); err == nil {
		return ref
	}
	dc := s.model.Map().Any("Datacenter").(*simulator.Datacenter)
	folder := s.model.Map().Get(dc.NetworkFolder).(*simulator.Folder)
	network := &mo.Network{Name: name}
	network.ManagedEntity.Name = name
	s.model.Map().PutEntity(folder, network)
	network.Summary = &types.NetworkSummary{Network: &network.Self, Name: name, Accessible: true}
	ctx := s.context()
	ctx.Map.AddReference(ctx, folder, &folder.ChildEntity, network.Self)
	s.name(network.Self, name)
	return network.Self
}

// carry notes that a host has a network, drop that it has not.
func (s *Server) carry(host string, network types.ManagedObjectReference) error {
	return s.link(host, network, func(refs []types.ManagedObjectReference, ref types.ManagedObjectReference) []types.ManagedObjectReference {
		if slices.Contains(refs, ref) {
			return refs
		}
		return append(slices.Clone(refs), ref)
	})
}

func (s *Server) drop(host string, network types.ManagedObjectReference) error {
	return s.link(host, network, func(refs []types.ManagedObjectReference, ref types.ManagedObjectReference) []types.ManagedObjectReference {
		return slices.DeleteFunc(slices.Clone(refs), func(r types.ManagedObjectReference) bool { return r == ref })
	})
}

func (s *Server) link(host string, network types.ManagedObjectReference,
	edit func([]types.ManagedObjectReference, types.ManagedObjectReference) []types.ManagedObjectReference,
) error {
	ref, err := s.find("HostSystem", host)
	if err != nil {
		return err
	}
	h := s.model.Map().Get(ref).(*simulator.HostSystem)
	s.context().WithLock(h, func() { h.Network = edit(h.Network, network) })
	lists, err := s.listsOf(network)
	if err != nil {
		return err
	}
	s.context().WithLock(network, func() { *lists.host = edit(*lists.host, ref) })
	return nil
}

// networkLists are the hosts and VMs that a network of any kind says it has.
type networkLists struct {
	host, vm *[]types.ManagedObjectReference
}

func (s *Server) listsOf(network types.ManagedObjectReference) (networkLists, error) {
	switch n := s.model.Map().Get(network).(type) {
	case *mo.Network:
		return networkLists{host: &n.Host, vm: &n.Vm}, nil
	case *mo.OpaqueNetwork:
		return networkLists{host: &n.Host, vm: &n.Vm}, nil
	case *distributedPortGroup:
		return networkLists{host: &n.Host, vm: &n.Vm}, nil
	}
	return networkLists{}, fmt.Errorf("%s is no network", network)
}

// orAll is hosts, or every host where it is empty, by name.
func (s *Server) orAll(hosts []string) []string {
	if len(hosts) > 0 {
		return hosts
	}
	for _, e := range s.model.Map().All("HostSystem") {
		hosts = append(hosts, s.nameOf(e.Reference()))
	}
	slices.Sort(hosts)
	return hosts
}
