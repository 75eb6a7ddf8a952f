package vsphere

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// pending is a change in the making: one target, and the settings that it must accept. A target may have
// several, which become one.
type pending struct {
	target
	group   *group
	place   *place
	fields  []field
	routers []string
}

// plans finds what of a group must change.
func (u *audit) plans(g *group) {
	for _, p := range g.places {
		p.change = u.toChange(g, p)
		if u.options.UseMACLearning && slices.Contains(p.change, promiscuous) && !g.learns() {
			on := ""
			if p.host != nil {
				on = " on host " + p.name()
			}
			u.note("%s%s has no MAC learning (it takes a distributed switch of version 6.6 or later): promiscuous mode is planned there", g.label(), on)
		}
		if p.host == nil {
			u.pend(target{g.inv.vcenter.name, isDVPG, g.ref, ""}, g, p, p.change)
			continue
		}
		own, inherited := p.change, []field(nil)
		if u.options.Scope == ScopeVSwitch && p.vSwitch != nil {
			explicit := securityPolicy(p.portGroup.Spec.Policy.Security)
			own = collect.Filter(p.change, func(f field) bool { return explicit[f] != nil })
			inherited = collect.Filter(p.change, func(f field) bool { return explicit[f] == nil })
		}
		u.pend(target{g.inv.vcenter.name, isPortGroup, p.host.ref, p.portGroup.Spec.Name}, g, p, own)
		if p.vSwitch != nil {
			u.pend(target{g.inv.vcenter.name, isVSwitch, p.host.ref, p.vSwitch.Name}, g, p, inherited)
		}
	}
}

// toChange are the settings that a place rejects and some member needs, with MAC learning in place of
// promiscuous mode where that is asked for and can be had.
func (u *audit) toChange(g *group, p *place) []field {
	needed := collect.Flat(g.witnesses(g.members), func(m member) []field { return u.options.judge(g.policyFor(p, m.vm)).rejected })
	var out []field
	for _, f := range u.options.judge(p.policy).rejected {
		switch {
		case !slices.Contains(needed, f):
		case f == promiscuous && u.options.UseMACLearning && g.learns():
			out = append(out, learning)
		default:
			out = append(out, f)
		}
	}
	return out
}

// planned reports whether the plan makes the group accept f, or what takes its place.
func (u *audit) planned(g *group, f field) bool {
	return slices.ContainsFunc(g.places, func(p *place) bool {
		return slices.Contains(p.change, f) || f == promiscuous && slices.Contains(p.change, learning)
	})
}

// pend adds fields to what a target must accept.
func (u *audit) pend(t target, g *group, p *place, fields []field) {
	if len(fields) > 0 {
		u.changes = append(u.changes, &pending{t, g, p, fields, g.routers()})
	}
}

func (u *audit) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(u.notes, n) {
		u.notes = append(u.notes, n)
	}
}

// title names the target as a person would.
func (c *pending) title() string {
	switch c.kind {
	case isDVPG:
		return fmt.Sprintf("distributed port group %s (vCenter %s)", c.group.name, c.vcenter)
	case isVSwitch:
		return fmt.Sprintf("%s on host %s (vCenter %s)", c.name, c.place.host.name, c.vcenter)
	default:
		return fmt.Sprintf("port group %s on host %s (vCenter %s)", c.name, c.place.host.name, c.vcenter)
	}
}

func (c *pending) change(o Options) (platform.Change, error) {
	fields, routers := collect.Unique(c.fields), collect.Unique(c.routers)
	out := platform.Change{
		ID: c.target.String(), Target: c.title(), Routers: routers, Command: c.command(fields),
		Reason: fmt.Sprintf("%s: %s (--require=%s)", folded(routers), strings.Join(collect.Map(fields, func(f field) string { return f.words().reason }), "; "), o.Require),
	}
	now, err := c.group.inv.state(c.target)
	if err != nil {
		return out, err
	}
	opening := now.open(fields)
	out.Version = opening.version
	return out, opening.set(&out)
}
