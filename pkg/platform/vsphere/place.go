package vsphere

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// place is where a group's policy is set: on a host, or (host nil) in the distributed port group.
type place struct {
	host      *host
	portGroup *types.HostPortGroup
	vSwitch   *types.HostVirtualSwitch
	policy    policy
	uplinks   int
	kernel    bool // a VMkernel adapter of the host is on it
	// change are the settings that the plan makes it accept.
	change []field
}

func (p *place) name() string {
	if p.host == nil {
		return ""
	}
	return p.host.name
}

// fill finds the places, once the members are known.
func (g *group) fill() {
	switch {
	case len(g.unknown) > 0 || g.kind == nsx:
	case g.kind == distributed:
		g.fillDistributed()
	default:
		g.fillStandard()
	}
}

func (g *group) fillDistributed() {
	if g.dv.setting() == nil {
		privilege, _ := g.dv.lacks("config")
		g.unknown = append(g.unknown, unread{"port group " + g.name, privilege})
		return
	}
	p, _ := distributedPolicy(g.dv.setting())
	here := &place{policy: p}
	real := 0
	for _, h := range g.inv.hosts {
		for _, proxy := range h.proxies {
			if g.dvs != nil && g.dvs.uuid != "" && proxy.DvsUuid == g.dvs.uuid {
				real = max(real, len(proxy.Pnic))
			}
		}
		here.kernel = here.kernel || slices.ContainsFunc(h.vmkernels, func(nic types.HostVirtualNic) bool {
			port := nic.Spec.DistributedVirtualPort
			return port != nil && port.PortgroupKey == g.dv.config.Key
		})
	}
	if here.uplinks = real; real == 0 && g.dvs != nil {
		here.uplinks = g.dvs.uplinks
	}
	g.places = []*place{here}
}

// fillStandard takes every host of the cluster that carries the port group: the policy is each host's own,
// and a virtual machine may be moved to any of them.
func (g *group) fillStandard() {
	if g.cluster == nil {
		host := "the host of " + g.members[0].vm.name
		privilege, _ := g.members[0].vm.lacks("runtime.host")
		if h := g.inv.hosts[g.members[0].vm.host]; h != nil {
			host = "the cluster of host " + h.name
			privilege, _ = h.lacks("parent")
		}
		g.unknown = append(g.unknown, unread{host, cmp.Or(privilege, "System.Read")})
	}
	for _, r := range g.hosts() {
		h := g.inv.hosts[r]
		if h == nil {
			g.unknown = append(g.unknown, unread{"host " + r.Value, "System.Read"})
			continue
		}
		// A host that vCenter has lost touch with may have no configuration: then no privilege is missing.
		if privilege, held := h.lacks("config.network"); held || !h.read {
			g.unknown = append(g.unknown, unread{"host " + h.name, privilege})
		} else if pg := h.portGroup(g.name); pg != nil {
			g.places = append(g.places, h.place(pg))
		}
	}
	slices.SortFunc(g.places, func(a, b *place) int { return strings.Compare(a.name(), b.name()) })
}

func (h *host) place(pg *types.HostPortGroup) *place {
	p := &place{host: h, portGroup: pg, vSwitch: h.vSwitch(pg.Spec.VswitchName), policy: securityPolicy(pg.ComputedPolicy.Security)}
	if p.vSwitch != nil {
		p.uplinks = len(p.vSwitch.Pnic)
	}
	p.kernel = slices.ContainsFunc(pg.Port, func(port types.HostPortGroupPort) bool {
		return port.Type == string(types.PortGroupConnecteeTypeHost)
	})
	return p
}
