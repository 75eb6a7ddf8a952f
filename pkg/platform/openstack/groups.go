package openstack

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/rules"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// securityGroups is EGR306: destinations that no egress rule of the port's groups names. Protocols and ports are not
// looked at: a rule for some of the traffic is a rule that somebody thought of.
func (p *planner) securityGroups(s *site) {
	var names []string
	for _, id := range s.port.SecurityGroups {
		g, seen := p.world.groups[id]
		if !seen {
			if len(s.at.Destinations) > 0 {
				p.report(finding.New(finding.SecurityGroups, s.at.Router,
					fmt.Sprintf("what the security groups of port %s let out is not known: project %s cannot see group %s", s.port.ID, p.cloud.project, id),
					"security groups hold for the router's frames too, and what no egress rule names is dropped",
					"ask its owner to look", openstackCommand("security", "group", "rule", "list", id, "--egress", "--long")).At(finding.Info))
			}
			return
		}
		names = append(names, named{g.ID, g.Name}.String())
	}
	shut := collect.Map(collect.Filter(s.at.Destinations, func(to netip.Addr) bool { return !p.letsOut(s, to.Unmap()) }), netip.Addr.String)
	if len(shut) == 0 {
		return
	}
	groups := "it has none"
	if len(names) > 0 {
		groups = strings.Join(names, ", ")
	}
	fix, commands := "give the port a security group that lets the router's traffic out", []string{openstackCommand("security", "group", "list")}
	if len(s.port.SecurityGroups) > 0 {
		fix, commands = "let it out", nil
		for _, destination := range shut {
			commands = append(commands, openstackCommand("security", "group", "rule", "create", "--egress", "--remote-ip", destination+"/32", s.port.SecurityGroups[0]))
		}
	}
	p.report(finding.New(finding.SecurityGroups, s.at.Router,
		fmt.Sprintf("the security groups of port %s let nothing out to %s (%s)", s.port.ID, strings.Join(shut, ", "), groups),
		"security groups hold for the router's frames too, and what no egress rule names is dropped",
		fix, commands...))
}

// letsOut reports whether some egress rule of the port may match destination.
func (p *planner) letsOut(s *site, destination netip.Addr) bool {
	return slices.ContainsFunc(s.port.SecurityGroups, func(id string) bool {
		return slices.ContainsFunc(p.world.groups[id].Rules, func(r rules.SecGroupRule) bool { return p.mayMatch(s, r, destination) })
	})
}

// mayMatch reports whether r lets something out to destination. Whose addresses a remote group stands for is not read:
// they are those of ports, so it may match where destination is on the port's own network.
func (p *planner) mayMatch(s *site, r rules.SecGroupRule, destination netip.Addr) bool {
	family := "IPv4"
	if destination.Is6() {
		family = "IPv6"
	}
	if r.Direction != "egress" || !strings.EqualFold(r.EtherType, family) {
		return false
	}
	switch {
	case r.RemoteIPPrefix != "":
		prefix, err := netip.ParsePrefix(r.RemoteIPPrefix)
		return err != nil || prefix.Contains(destination)
	case r.RemoteGroupID != "":
		return slices.ContainsFunc(p.world.subnets[s.port.NetworkID], func(sub subnet) bool { return sub.CIDR.Contains(destination) })
	default:
		return true
	}
}
