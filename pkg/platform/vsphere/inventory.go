package vsphere

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// inventory is what was read of one vCenter.
type inventory struct {
	vcenter  *vcenter
	vms      []*vm
	hosts    map[ref]*host
	clusters map[ref]*cluster
	networks map[ref]*network
	groups   map[ref]*dvPortGroup
	switches map[ref]*dvSwitch
}

type ref = types.ManagedObjectReference

// entity is what every object has: its reference and name, and what of it could not be read.
type entity struct {
	ref     ref
	name    string
	missing []types.MissingProperty
}

// lacks reports whether path was not given, because it or what it is part of was held back, and the privilege
// that vCenter asked for.
func (e entity) lacks(path string) (privilege string, held bool) {
	for _, m := range e.missing {
		if m.Path != path && !strings.HasPrefix(path, m.Path+".") && !strings.HasPrefix(m.Path, path+".") {
			continue
		}
		if p := permission(m.Fault.Fault); p != nil {
			privilege = p.PrivilegeId
		}
		return privilege, true
	}
	return "", false
}

type vm struct {
	entity
	uuid, instanceUUID, hostName string
	host                         ref
	networks                     []ref
	// nics are read only where there are several networks.
	nics     []nic
	template bool
}

type host struct {
	entity
	parent *ref
	// networkSystem is read just before it is written to.
	networkSystem *ref
	version       string
	read          bool
	switches      []types.HostVirtualSwitch
	groups        []types.HostPortGroup
	proxies       []types.HostProxySwitch
	vmkernels     []types.HostVirtualNic
}

type cluster struct {
	entity
	hosts []ref
}

// network is a standard port group's name, or NSX's opaque network.
type network struct {
	entity
	// opaque is an opaque network's type, and opaqueID its ID; empty for a standard one.
	opaque, opaqueID string
}

type dvPortGroup struct {
	entity
	config types.DVPortgroupConfigInfo
	// ports are what ports override, by the VM that is connected; only where overrides are allowed.
	ports map[ref]*types.VMwareDVSPortSetting
}

// setting is what ports have unless they override it; nil where it could not be read.
func (g *dvPortGroup) setting() *types.VMwareDVSPortSetting {
	s, _ := g.config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
	return s
}

type dvSwitch struct {
	entity
	uuid, version string
	uplinks       int
}

// newInventory sorts what a retrieval gave.
func newInventory(v *vcenter, objects []types.ObjectContent) (*inventory, error) {
	inv := &inventory{
		vcenter: v, hosts: map[ref]*host{}, clusters: map[ref]*cluster{}, networks: map[ref]*network{},
		groups: map[ref]*dvPortGroup{}, switches: map[ref]*dvSwitch{},
	}
	for _, o := range objects {
		e := newEntity(o)
		o.MissingSet = nil // the decoder would give up on it
		value, err := mo.ObjectContentToType(o)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", o.Obj.Value, err)
		}
		inv.add(e, value)
	}
	slices.SortFunc(inv.vms, func(a, b *vm) int { return strings.Compare(a.name+a.ref.Value, b.name+b.ref.Value) })
	return inv, nil
}

func (inv *inventory) add(e entity, value any) {
	switch o := value.(type) {
	case mo.VirtualMachine:
		inv.addVM(e, o)
	case mo.HostSystem:
		inv.addHost(e, o)
	case mo.ClusterComputeResource:
		inv.clusters[e.ref] = &cluster{e, o.Host}
	case mo.ComputeResource:
		inv.clusters[e.ref] = &cluster{e, o.Host}
	case mo.DistributedVirtualPortgroup:
		inv.groups[e.ref] = &dvPortGroup{entity: e, config: o.Config}
	case mo.OpaqueNetwork:
		n := &network{entity: e, opaque: "opaque"}
		if s, ok := o.Summary.(*types.OpaqueNetworkSummary); ok {
			n.opaque, n.opaqueID = s.OpaqueNetworkType, s.OpaqueNetworkId
		}
		inv.networks[e.ref] = n
	case mo.Network:
		inv.networks[e.ref] = &network{entity: e}
	case mo.VmwareDistributedVirtualSwitch:
		inv.addSwitch(e, o)
	}
}

func (inv *inventory) addVM(e entity, o mo.VirtualMachine) {
	v := &vm{entity: e, networks: o.Network}
	if o.Config != nil {
		v.uuid, v.instanceUUID, v.template = o.Config.Uuid, o.Config.InstanceUuid, o.Config.Template
	}
	if o.Guest != nil {
		v.hostName = o.Guest.HostName
	}
	if o.Runtime.Host != nil {
		v.host = *o.Runtime.Host
	}
	inv.vms = append(inv.vms, v)
}

func (inv *inventory) addHost(e entity, o mo.HostSystem) {
	h := &host{entity: e, parent: o.Parent, networkSystem: o.ConfigManager.NetworkSystem}
	if o.Config != nil {
		h.version = o.Config.Product.Version
		if n := o.Config.Network; n != nil {
			h.read = true
			h.switches, h.groups, h.proxies, h.vmkernels = n.Vswitch, n.Portgroup, n.ProxySwitch, n.Vnic
		}
	}
	inv.hosts[e.ref] = h
}

func (inv *inventory) addSwitch(e entity, o mo.VmwareDistributedVirtualSwitch) {
	s := &dvSwitch{entity: e, uuid: o.Uuid}
	if o.Summary.ProductInfo != nil {
		s.version = o.Summary.ProductInfo.Version
	}
	if o.Config != nil {
		if p, ok := o.Config.GetDVSConfigInfo().UplinkPortPolicy.(*types.DVSNameArrayUplinkPortPolicy); ok {
			s.uplinks = len(p.UplinkPortName)
		}
	}
	inv.switches[e.ref] = s
}

func newEntity(o types.ObjectContent) entity {
	e := entity{ref: o.Obj, missing: o.MissingSet}
	for _, p := range o.PropSet {
		if p.Name == "name" {
			e.name, _ = p.Val.(string)
		}
	}
	return e
}

// portGroup is the host's standard port group of the name that a Network has.
func (h *host) portGroup(name string) *types.HostPortGroup {
	for i := range h.groups {
		if sameName(h.groups[i].Spec.Name, name) {
			return &h.groups[i]
		}
	}
	return nil
}

// vSwitch is the standard switch that a port group is on.
func (h *host) vSwitch(name string) *types.HostVirtualSwitch {
	for i := range h.switches {
		if h.switches[i].Name == name {
			return &h.switches[i]
		}
	}
	return nil
}

// sameName compares names where one may have / and \ and % escaped, as inventory names have.
func sameName(a, b string) bool { return a == b || unescape(a) == unescape(b) }

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// hasFault tells a vCenter's own answer from a connection that broke.
func hasFault(err error) bool {
	found := false
	fault.In(err, func(types.BaseMethodFault, string, []types.LocalizableMessage) bool {
		found = true
		return true
	})
	return found
}
