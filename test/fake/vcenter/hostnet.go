package vcenter

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// networkSystem is a host's, with the two writes that the simulator lacks. Its networkInfo is the host's
// config.network, as on a real one.
type networkSystem struct {
	*simulator.HostNetworkSystem
	server *Server
	host   *simulator.HostSystem
}

// UpdatePortGroup replaces the whole spec of a port group: what the caller leaves out is gone, and there is no
// version to guard it.
func (n *networkSystem) UpdatePortGroup(ctx *simulator.Context, req *types.UpdatePortGroup) soap.HasFault {
	body := &methods.UpdatePortGroupBody{}
	fault := n.write(ctx, func(net *types.HostNetworkInfo) types.BaseMethodFault {
		i := indexPortGroup(net, req.PgName)
		if i < 0 {
			return &types.NotFound{}
		}
		v := indexSwitch(net, req.Portgrp.VswitchName)
		if v < 0 {
			return &types.NotFound{}
		}
		if req.Portgrp.Name != req.PgName {
			return &types.InvalidArgument{InvalidProperty: "portgrp.name"} // a new name is a new Network object
		}
		if req.Portgrp.VlanId < 0 || req.Portgrp.VlanId > 4095 {
			return &types.InvalidArgument{InvalidProperty: "portgrp.vlanId"}
		}
		net.Portgroup[i].Spec, net.Portgroup[i].Vswitch = req.Portgrp, net.Vswitch[v].Key
		return nil
	})
	if fault != nil {
		body.Fault_ = simulator.Fault(message(fault), fault)
		return body
	}
	body.Res = &types.UpdatePortGroupResponse{}
	return body
}

// UpdateVirtualSwitch replaces the whole spec of a switch. A spec without a bridge takes its uplinks away.
func (n *networkSystem) UpdateVirtualSwitch(ctx *simulator.Context, req *types.UpdateVirtualSwitch) soap.HasFault {
	body := &methods.UpdateVirtualSwitchBody{}
	fault := n.write(ctx, func(net *types.HostNetworkInfo) types.BaseMethodFault {
		i := indexSwitch(net, req.VswitchName)
		if i < 0 {
			return &types.NotFound{}
		}
		return setSwitch(net, i, req.Spec)
	})
	if fault != nil {
		body.Fault_ = simulator.Fault(message(fault), fault)
		return body
	}
	body.Res = &types.UpdateVirtualSwitchResponse{}
	return body
}

// write changes the host's network on a client's behalf: its privilege and the host's being there are asked for.
func (n *networkSystem) write(ctx *simulator.Context, change func(*types.HostNetworkInfo) types.BaseMethodFault) types.BaseMethodFault {
	if fault := n.server.permit(n.host.Self, "Host.Config.Network"); fault != nil {
		return fault
	}
	connected := false
	ctx.WithLock(n.host, func() {
		connected = n.host.Runtime.ConnectionState == types.HostSystemConnectionStateConnected
	})
	if !connected {
		return &types.HostNotConnected{}
	}
	return n.store(ctx, change)
}

// store changes a copy of the host's network, computes its policies again, and puts it in place in one step.
func (n *networkSystem) store(ctx *simulator.Context, change func(*types.HostNetworkInfo) types.BaseMethodFault) types.BaseMethodFault {
	var fault types.BaseMethodFault
	ctx.WithLock(n, func() {
		ctx.WithLock(n.host, func() {
			net, err := clone(*n.host.Config.Network)
			if err != nil {
				fault = broken(err)
				return
			}
			if fault = change(&net); fault != nil {
				return
			}
			if err := recompute(&net); err != nil {
				fault = broken(err)
				return
			}
			ctx.Update(n.host, []types.PropertyChange{{Name: "config.network", Val: net}})
			n.NetworkInfo = &net
		})
	})
	return fault
}

// recompute sets the effective policy of every port group, and what a switch says of its port groups.
func recompute(net *types.HostNetworkInfo) error {
	for i := range net.Vswitch {
		net.Vswitch[i].Portgroup = nil
	}
	for i := range net.Portgroup {
		group := &net.Portgroup[i]
		v := indexSwitch(net, group.Spec.VswitchName)
		if v < 0 {
			return fmt.Errorf("port group %s is on no switch", group.Spec.Name)
		}
		net.Vswitch[v].Portgroup = append(net.Vswitch[v].Portgroup, group.Key)
		policy, err := computed(net.Vswitch[v].Spec.Policy, group.Spec.Policy)
		if err != nil {
			return err
		}
		group.ComputedPolicy = policy
	}
	return nil
}

// setSwitch gives switch i a new spec; its uplinks are those that the spec's bridge names.
func setSwitch(net *types.HostNetworkInfo, i int, spec types.HostVirtualSwitchSpec) types.BaseMethodFault {
	var uplinks, nics []string
	if bridge, ok := spec.Bridge.(*types.HostVirtualSwitchBondBridge); ok {
		nics = bridge.NicDevice
	}
	for _, device := range nics {
		p := slices.IndexFunc(net.Pnic, func(p types.PhysicalNic) bool { return p.Device == device })
		if p < 0 {
			return &types.InvalidArgument{InvalidProperty: "spec.bridge.nicDevice"}
		}
		uplinks = append(uplinks, net.Pnic[p].Key)
	}
	spec.Policy = complete(spec.Policy, nics)
	net.Vswitch[i].Spec, net.Vswitch[i].Pnic = spec, uplinks
	if spec.Mtu != 0 {
		net.Vswitch[i].Mtu = spec.Mtu
	}
	return nil
}

func indexPortGroup(net *types.HostNetworkInfo, name string) int {
	return slices.IndexFunc(net.Portgroup, func(p types.HostPortGroup) bool { return p.Spec.Name == name })
}

func indexSwitch(net *types.HostNetworkInfo, name string) int {
	return slices.IndexFunc(net.Vswitch, func(v types.HostVirtualSwitch) bool { return v.Name == name })
}

// broken is the fault of a simulator that could not do what it was asked to.
func broken(err error) types.BaseMethodFault {
	return &types.SystemErrorFault{Reason: err.Error()}
}
