package vsphere

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// kind is what sort of network a group is.
type kind string

const (
	standard    kind = "standard"
	distributed kind = "distributed"
	nsx         kind = "NSX"
)

// group is a network that nodes are on, with every place where its policy is set: each host of the nodes'
// clusters for a standard port group, a single one for a distributed port group.
type group struct {
	inv     *inventory
	kind    kind
	ref     ref
	cluster *ref // for a standard one
	name    string
	members []member
	places  []*place
	// dv and dvs are the distributed port group and its switch.
	dv  *dvPortGroup
	dvs *dvSwitch
	// unknown are hosts, or the group, that could not be read, and why.
	unknown []unread
}

// member is an attachment on a group, and the node's virtual machine.
type member struct {
	platform.Attachment
	vm *vm
}

// unread is an object that a policy is unknown for, and the missing privilege, if that is why.
type unread struct{ object, privilege string }

func (u unread) String() string {
	if u.privilege == "" {
		return u.object
	}
	return fmt.Sprintf("%s (privilege %s)", u.object, u.privilege)
}

// key tells groups apart: a standard one is of a cluster.
func (g *group) key() string {
	return fmt.Sprint(g.inv.vcenter.name, " ", g.ref.Value, " ", g.cluster)
}

// label names the group as a finding's object.
func (g *group) label() string { return "port group " + g.name }

// where adds the cluster and the vCenter.
func (g *group) where() string {
	where := "vCenter " + g.inv.vcenter.name
	if g.cluster != nil {
		if c := g.inv.clusters[*g.cluster]; c != nil {
			where = "cluster " + c.name + " of " + where
		}
	}
	return where
}

// newGroup is the network that v is on.
func newGroup(inv *inventory, network ref, v *vm) *group {
	g := &group{inv: inv, kind: standard, ref: network, name: network.Value}
	dv, n := inv.groups[network], inv.networks[network]
	switch {
	case dv != nil:
		g.kind, g.dv, g.name = distributed, dv, dv.name
		if dv.config.DistributedVirtualSwitch != nil {
			g.dvs = inv.switches[*dv.config.DistributedVirtualSwitch]
		}
		if dv.config.BackingType == string(types.DistributedVirtualPortgroupBackingTypeNsx) {
			g.kind = nsx
		}
	case n == nil:
		if network.Type == "DistributedVirtualPortgroup" {
			g.kind = distributed
		}
		g.unknown = []unread{{object: "network " + network.Value, privilege: "System.Read"}}
	case n.opaque != "":
		g.kind, g.name = nsx, n.name
	default:
		g.name = n.name
		if h := inv.hosts[v.host]; h != nil {
			g.cluster = h.parent
		}
	}
	return g
}

// hosts are those that a member could run on: the cluster's, by what it lists and by what they say, and
// the members' own.
func (g *group) hosts() []ref {
	all := map[ref]bool{}
	for _, m := range g.members {
		if m.vm.host.Value != "" {
			all[m.vm.host] = true
		}
	}
	if g.cluster != nil {
		if c := g.inv.clusters[*g.cluster]; c != nil {
			for _, r := range c.hosts {
				all[r] = true
			}
		}
		for r, h := range g.inv.hosts {
			if h.parent == nil || *h.parent == *g.cluster {
				all[r] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b ref) int { return cmp.Compare(a.Value, b.Value) })
}

// policyFor is what is in effect at a place for a virtual machine: a distributed port may override its
// group's.
func (g *group) policyFor(p *place, v *vm) policy {
	if g.dv == nil || g.dv.ports[v.ref] == nil {
		return p.policy
	}
	over, _ := distributedPolicy(g.dv.ports[v.ref])
	out := maps.Clone(p.policy)
	for f, value := range over {
		if value != nil && (f != learning || g.dv.ports[v.ref].MacManagementPolicy != nil) {
			out[f] = value
		}
	}
	return out
}

func (m member) router() string { return m.Router }

// routers are the members' routers, sorted.
func (g *group) routers() []string { return collect.Unique(collect.Map(g.members, member.router)) }

// overridden reports whether ports may hold another policy than their group.
func (g *group) overridden() bool { return g.dv != nil && len(g.dv.ports) > 0 }

// witnesses are the members that must be looked at: all of them only where ports may differ.
func (g *group) witnesses(members []member) []member {
	if g.overridden() {
		return members
	}
	return members[:1]
}

// learns reports whether the group's switch has MAC learning: distributed switches from 6.6 on.
func (g *group) learns() bool {
	if g.kind != distributed || g.dvs == nil {
		return false
	}
	v, err := version.ParseGeneric(g.dvs.version)
	return err == nil && v.AtLeast(version.MajorMinor(6, 6))
}
