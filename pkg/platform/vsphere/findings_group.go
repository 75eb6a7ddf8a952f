package vsphere

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// disagreement notes a distributed port group whose two policies differ.
func (u *audit) disagreement(g *group) {
	if g.dv == nil {
		return
	}
	if _, differ := distributedPolicy(g.dv.setting()); len(differ) > 0 {
		u.note("%s: macManagementPolicy and the older securityPolicy differ in %s: the former is taken to hold", g.label(), strings.Join(collect.Map(differ, func(f field) string { return f.words().name }), ", "))
	}
}

// learning is EGR406: where MAC learning could be had, promiscuous mode shows less to others.
func (u *audit) learning(g *group) {
	if !g.learns() || u.options.Require == RequireDocs || u.options.UseMACLearning {
		return
	}
	for _, p := range g.places {
		if !p.policy.accepts(learning) {
			u.add(finding.MACLearning, finding.Info, g.label(),
				fmt.Sprintf("MAC learning is off on %s, and switch %s (version %s) has it: it could take the place of promiscuous mode", g.name, g.dvs.name, g.dvs.version),
				"with MAC learning a port gets the frames of the MACs that it sends from (4096 at most), and nobody a copy of another's",
				"use it in place of promiscuous mode", u.options.Run.Again("--fix", "--use-mac-learning"))
		}
	}
}

// differing is EGR407: a router that is moved meets another policy.
func (u *audit) differing(g *group) {
	if g.kind != standard {
		return
	}
	by := map[string][]string{}
	for _, p := range g.places {
		by[p.policy.String()] = append(by[p.policy.String()], p.host.name)
	}
	if len(by) < 2 {
		return
	}
	figures := collect.Map(slices.Sorted(maps.Keys(by)), func(policy string) string { return policy + " on " + folded(by[policy]) })
	u.add(finding.HostsDiffer, finding.Warning, g.label(),
		fmt.Sprintf("%d hosts of %s have %d different security policies on port group %s", len(g.places), g.where(), len(by), g.name),
		strings.Join(figures, "; "),
		"a standard switch is set host by host: make them alike, with a host profile, or let preflight set what the routers need", u.options.Run.Again("--fix"))
}

// opened reports whether a setting is accepted somewhere, or would be once the plan is carried out.
func (g *group) opened(f field) bool {
	return slices.ContainsFunc(g.places, func(p *place) bool {
		return p.policy.accepts(f) || slices.Contains(p.change, f)
	})
}

// sharing is EGR409: who else is on what is, or would be, open.
func (u *audit) sharing(g *group) {
	if !g.opened(promiscuous) && !g.opened(forged) {
		return
	}
	who := u.neighbours(g)
	kernel := collect.Map(collect.Filter(g.places, func(p *place) bool { return p.kernel }), (*place).name)
	if len(who) == 0 && len(kernel) == 0 {
		return
	}
	var message []string
	if len(who) > 0 {
		message = append(message, fmt.Sprintf("other virtual machines share port group %s (%d): %s", g.name, len(who), folded(who)))
	}
	if len(kernel) > 0 {
		message = append(message, fmt.Sprintf("port group %s carries VMkernel adapters of the hosts themselves%s", g.name, g.onHosts(kernel)))
	}
	reach := "every one of them may send frames with any source MAC"
	if g.opened(promiscuous) {
		reach = "each gets a copy of the port group's traffic when its guest asks for it, and may send frames with any source MAC"
	}
	u.add(finding.OtherVMs, finding.Warning, g.label(), strings.Join(message, "; "), reach,
		"give the nodes a port group of their own, on the same VLAN")
}

// duplicates is EGR410.
func (u *audit) duplicates(g *group) {
	if !g.opened(promiscuous) {
		return
	}
	twice := collect.Filter(g.places, func(p *place) bool {
		return p.uplinks > 1 && (p.policy.accepts(promiscuous) || slices.Contains(p.change, promiscuous))
	})
	if len(twice) == 0 {
		return
	}
	most := slices.MaxFunc(twice, func(a, b *place) int { return cmp.Compare(a.uplinks, b.uplinks) }).uplinks
	u.add(finding.Duplicates, finding.Warning, g.label(),
		fmt.Sprintf("promiscuous mode on port group %s, whose switch has %d uplinks%s: packets may arrive twice", g.name, most, g.onHosts(collect.Map(twice, (*place).name))),
		"a broadcast or flooded frame comes in by every uplink, and a promiscuous port takes each",
		"set Net.ReversePathFwdCheckPromisc to 1 on every host, then switch promiscuous mode off and on (preflight cannot see that setting: ignore this once it is made)",
		collect.Unique(collect.Map(collect.Filter(twice, func(p *place) bool { return p.host != nil }), func(p *place) string {
			return "govc host.esxcli -host " + quoted(p.host.name) + " system settings advanced set -o /Net/ReversePathFwdCheckPromisc -i 1"
		}))...)
}

// hardening is EGR411: the rules that the plan's changes go against, by name.
func (u *audit) hardening(g *group) {
	var names []string
	for _, p := range g.places {
		for _, r := range p.rules() {
			for _, f := range p.change {
				if id := r.ids[f]; id != "" {
					names = append(names, r.guide+" "+id+" ("+f.words().name+")")
				}
			}
		}
	}
	if len(names) == 0 {
		return
	}
	u.add(finding.Hardening, finding.Info, g.label(),
		fmt.Sprintf("the planned change of port group %s goes against %s", g.name, strings.Join(collect.Unique(names), ", ")),
		"audits of these guides will report the port group",
		"document the exception for this port group alone, and keep other virtual machines off it")
}
