package vsphere

import (
	"context"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// read reads everything that a plan needs in one retrieval, whatever the number of hosts. What a few VMs
// only need (their devices are ten times as much as all else) is read later.
func (v *vcenter) read(ctx context.Context) (*inventory, error) {
	var inv *inventory
	err := v.do(ctx, func(ctx context.Context, s *login) error {
		objects, err := s.everything(ctx)
		if err != nil {
			return err
		}
		inv, err = newInventory(v, objects)
		return err
	})
	if err == nil {
		v.log("vCenter %s: read %d virtual machines, %d hosts, %d distributed port groups",
			v.name, len(inv.vms), len(inv.hosts), len(inv.groups))
	}
	return inv, err
}

// wanted are the properties of an inventory, by type. A type's properties are asked of its kinds too.
func wanted() []types.PropertySpec {
	return []types.PropertySpec{
		{Type: "VirtualMachine", PathSet: []string{"name", "config.uuid", "config.instanceUuid", "config.template", "guest.hostName", "network", "runtime.host"}},
		{Type: "HostSystem", PathSet: []string{"name", "parent", "config.product", "config.network.vswitch", "config.network.portgroup",
			"config.network.proxySwitch", "config.network.vnic"}},
		{Type: "ComputeResource", PathSet: []string{"name", "host"}},
		{Type: "DistributedVirtualPortgroup", PathSet: []string{"name", "config"}},
		{Type: "Network", PathSet: []string{"name"}},
		{Type: "OpaqueNetwork", PathSet: []string{"name", "summary"}},
		{Type: "VmwareDistributedVirtualSwitch", PathSet: []string{"name", "uuid", "summary", "config.uplinkPortPolicy"}},
	}
}

func (s *login) everything(ctx context.Context) ([]types.ObjectContent, error) {
	specs := wanted()
	if s.view == nil {
		kinds := collect.Map(specs, func(spec types.PropertySpec) string { return spec.Type })
		v, err := view.NewManager(s.client).CreateContainerView(ctx, s.client.ServiceContent.RootFolder, kinds, true)
		if err != nil {
			return nil, err
		}
		s.view = v
	}
	var objects []types.ObjectContent
	last := len(specs) - 1 // Retrieve puts the kind that it asks for by name behind the others
	if err := s.view.Retrieve(ctx, []string{specs[last].Type}, specs[last].PathSet, &objects, specs[:last]...); err != nil {
		return nil, err
	}
	return objects, expired(objects)
}

// expired finds a session that ended while it read: vCenter then holds back every property that was left.
func expired(objects []types.ObjectContent) error {
	for _, o := range objects {
		for _, m := range o.MissingSet {
			if fault.Is(m.Fault.Fault, &types.NotAuthenticated{}) {
				return soap.WrapVimFault(m.Fault.Fault)
			}
		}
	}
	return nil
}

// objects reads the same properties of several objects.
func (s *login) objects(ctx context.Context, refs []ref, specs ...types.PropertySpec) ([]types.ObjectContent, error) {
	spec := types.PropertyFilterSpec{PropSet: specs, ObjectSet: collect.Map(refs, func(r ref) types.ObjectSpec { return types.ObjectSpec{Obj: r} })}
	objects, err := mo.RetrievePropertiesEx(ctx, s.client, types.RetrievePropertiesEx{
		This: s.client.ServiceContent.PropertyCollector, SpecSet: []types.PropertyFilterSpec{spec},
	})
	if err != nil {
		return nil, err
	}
	return objects, expired(objects)
}

// readPorts reads what the ports of a distributed switch override, in one call.
func (inv *inventory) readPorts(ctx context.Context, dvs ref, groups []*dvPortGroup) error {
	which := &types.DistributedVirtualSwitchPortCriteria{Inside: types.NewBool(true)}
	for _, g := range groups {
		which.PortgroupKey = append(which.PortgroupKey, g.config.Key)
		g.ports = map[ref]*types.VMwareDVSPortSetting{}
	}
	return inv.vcenter.do(ctx, func(ctx context.Context, s *login) error {
		ports, err := object.NewDistributedVirtualSwitch(s.client, dvs).FetchDVPorts(ctx, which)
		keepPorts(groups, ports)
		return err
	})
}

func keepPorts(groups []*dvPortGroup, ports []types.DistributedVirtualPort) {
	for _, p := range ports {
		setting, ok := p.Config.Setting.(*types.VMwareDVSPortSetting)
		if !ok || p.Connectee == nil || p.Connectee.ConnectedEntity == nil {
			continue
		}
		for _, g := range groups {
			if g.config.Key == p.PortgroupKey {
				g.ports[*p.Connectee.ConnectedEntity] = setting
			}
		}
	}
}
