package vsphere

import (
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// neighbours are the virtual machines besides the nodes' own that would see the frames: those on the group,
// on the hosts concerned, or with --scope=vswitch on any port group of the same switch.
func (u *audit) neighbours(g *group) []string {
	own := map[ref]bool{}
	for _, m := range g.members {
		own[m.vm.ref] = true
	}
	others := collect.Filter(g.inv.vms, func(v *vm) bool {
		return !own[v.ref] && !v.template && slices.ContainsFunc(v.networks, func(n ref) bool { return u.reaches(g, v, n) })
	})
	return collect.Map(others, func(v *vm) string { return v.name })
}

// reaches reports whether opening g opens network n for v.
func (u *audit) reaches(g *group, v *vm, n ref) bool {
	if g.kind == distributed {
		return n == g.ref
	}
	for _, p := range g.places {
		if p.host.ref != v.host {
			continue
		}
		if n == g.ref {
			return true
		}
		other := g.inv.networks[n]
		if other == nil || p.vSwitch == nil || !u.opens(p) {
			continue
		}
		if pg := p.host.portGroup(other.name); pg != nil && pg.Spec.VswitchName == p.vSwitch.Name {
			return true
		}
	}
	return false
}

// opens reports whether the place's whole switch is to be changed.
func (u *audit) opens(p *place) bool {
	return slices.ContainsFunc(u.changes, func(c *pending) bool {
		return c.kind == isVSwitch && c.place.host == p.host && c.name == p.vSwitch.Name
	})
}
