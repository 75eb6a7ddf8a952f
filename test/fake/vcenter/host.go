package vcenter

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// extendHosts puts the extended network systems in place and sets the defaults of vSphere 7 and later.
func (s *Server) extendHosts() error {
	for _, e := range s.model.Map().All("HostSystem") {
		host := e.(*simulator.HostSystem)
		own := s.model.Map().Get(*host.ConfigManager.NetworkSystem).(*simulator.HostNetworkSystem)
		system := &networkSystem{HostNetworkSystem: own, server: s, host: host}
		s.model.Map().Put(system)
		s.name(system.Self, host.Name)
		fault := system.store(s.context(), func(net *types.HostNetworkInfo) types.BaseMethodFault {
			net.Vswitch[0].Spec.Policy.Security = nil
			net.Vswitch[0].Spec.Policy = complete(net.Vswitch[0].Spec.Policy, nil)
			s.addProxies(net)
			return nil
		})
		if fault != nil {
			return fmt.Errorf("setting the defaults of %s: %s", host.Name, message(fault))
		}
	}
	ref, err := s.find("Network", "VM Network")
	if err != nil {
		return err
	}
	network := s.model.Map().Get(ref).(*mo.Network)
	for _, e := range s.model.Map().All("HostSystem") {
		network.Host = append(network.Host, e.Reference())
	}
	return nil
}

// change sets a host's network as another would, whatever privileges are denied.
func (s *Server) change(host string, change func(*types.HostNetworkInfo) types.BaseMethodFault) error {
	ref, err := s.find("HostSystem", host)
	if err != nil {
		return err
	}
	h := s.model.Map().Get(ref).(*simulator.HostSystem)
	system := s.model.Map().Get(*h.ConfigManager.NetworkSystem).(*networkSystem)
	if fault := system.store(s.context(), change); fault != nil {
		return fmt.Errorf("changing the network of %s: %s", host, message(fault))
	}
	return nil
}

// SetHostPolicy gives a host's port group another policy of its own; what is nil in it is inherited from the
// switch. The effective policy follows.
func (s *Server) SetHostPolicy(host, portGroup string, policy types.HostNetworkPolicy) error {
	policy, err := clone(policy)
	if err != nil {
		return err
	}
	return s.change(host, func(net *types.HostNetworkInfo) types.BaseMethodFault {
		i := indexPortGroup(net, portGroup)
		if i < 0 {
			return &types.NotFound{}
		}
		net.Portgroup[i].Spec.Policy = policy
		return nil
	})
}

// SetSwitchPolicy gives a host's switch another policy; what is nil in it takes the default, which is to reject.
// The effective policies of its port groups follow.
func (s *Server) SetSwitchPolicy(host, vSwitch string, policy types.HostNetworkPolicy) error {
	policy, err := clone(policy)
	if err != nil {
		return err
	}
	return s.change(host, func(net *types.HostNetworkInfo) types.BaseMethodFault {
		i := indexSwitch(net, vSwitch)
		if i < 0 {
			return &types.NotFound{}
		}
		spec := net.Vswitch[i].Spec
		spec.Policy = &policy
		return setSwitch(net, i, spec)
	})
}

// EditHost changes a host's network in any way: VMkernel adapters, VLANs, what a port group's ports are. The
// effective policies follow.
func (s *Server) EditHost(host string, edit func(*types.HostNetworkInfo)) error {
	return s.change(host, func(net *types.HostNetworkInfo) types.BaseMethodFault {
		edit(net)
		return nil
	})
}

// SetConnection sets whether a host can be reached. What vCenter knows of it can still be read; every write
// to it fails with HostNotConnected.
func (s *Server) SetConnection(host string, state types.HostSystemConnectionState) error {
	return s.updateHost(host, func(h *simulator.HostSystem) { h.Runtime.ConnectionState = state })
}

// SetHostVersion sets the version of a host's ESXi, such as 6.7.0. It changes no policy.
func (s *Server) SetHostVersion(host, version string) error {
	return s.updateHost(host, func(h *simulator.HostSystem) {
		h.Config.Product.Version = version
		if h.Summary.Config.Product != nil {
			product := *h.Summary.Config.Product // the simulator's hosts share one
			product.Version = version
			h.Summary.Config.Product = &product
		}
	})
}

func (s *Server) updateHost(host string, update func(*simulator.HostSystem)) error {
	ref, err := s.find("HostSystem", host)
	if err != nil {
		return err
	}
	h := s.model.Map().Get(ref).(*simulator.HostSystem)
	s.context().WithLock(h, func() { update(h) })
	return nil
}
