package openstack

import (
	"fmt"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

func noPort(s *site) finding.Finding {
	var commands []string
	if id, err := server(s.at.Node, ""); err == nil && id != "" {
		commands = []string{openstackCommand("port", "list", "--device-id", id, "--long")}
	} else {
		for _, a := range s.at.Node.Addresses {
			commands = append(commands, openstackCommand("port", "list", "--fixed-ip", "ip-address="+a.String(), "--long"))
		}
	}
	return finding.New(finding.NoPort, s.at.Router,
		fmt.Sprintf("the port of node %s for %s cannot be told: %s", s.at.Node.Name, s.address(), s.fault),
		"the pair must be on the one port by which the router's frames leave the node",
		"compare with the ports that the node has, and check that the credentials are for the nodes' project and region", commands...)
}

func noPod(caller finding.Caller, router string, nodes int) finding.Finding {
	return finding.New(finding.PairMissing, router,
		fmt.Sprintf("whether the pair is there is not known: no pod of the router runs, and %d nodes could take it", nodes),
		"the pair belongs on the port of the node where the pod runs, and there only",
		"wait until the pod runs and check again", status(caller, router)).At(finding.Warning)
}

func noMAC(caller finding.Caller, s *site) finding.Finding {
	return finding.New(finding.PairMissing, s.at.Router,
		fmt.Sprintf("whether the pair for %s on port %s is there cannot be told: the MAC of net1 is not known", s.address(), s.port.ID),
		"a pair names address and MAC; one without a MAC stands for the port's own, which macvlan does not use",
		fmt.Sprintf("wait until the pod runs on node %s, or give the router a fixed MAC", s.at.Node.Name), status(caller, s.at.Router))
}

// status is the command that shows a router.
func status(caller finding.Caller, router string) string {
	return finding.Run{Caller: caller, Verb: []string{"status"}}.On(router)
}

func pairMissing(s *site, fix string, commands ...string) finding.Finding {
	return finding.New(finding.PairMissing, s.at.Router,
		fmt.Sprintf("port %s of node %s does not allow %s with MAC %s", s.port.ID, s.at.Node.Name, s.address(), canonicalMAC(s.at.MAC)),
		fmt.Sprintf("Neutron drops every frame whose address and MAC are neither the port's own (%s) nor in its %d pairs", s.port.MAC, len(s.port.Pairs)),
		fix, commands...)
}

func stalePair(router string, port *port, pair ports.AddressPair, because, fix string, commands ...string) finding.Finding {
	return finding.New(finding.PairStale, router,
		fmt.Sprintf("port %s allows %s with MAC %s, which is no longer needed", port.ID, pair.IPAddress, pair.MACAddress),
		because+"; it lets whatever runs behind that port send as "+pair.IPAddress,
		fix, commands...)
}

func securityIsOff(s *site) finding.Finding {
	return finding.New(finding.PortSecurityOff, s.at.Router,
		fmt.Sprintf("port %s of node %s has no port security", s.port.ID, s.at.Node.Name),
		"every frame passes there, so the router needs no pair; Neutron would refuse one",
		"nothing has to be done, unless the port should be guarded", openstackCommand("port", "set", "--enable-port-security", s.port.ID))
}

func noRoom(s *site, limit int) finding.Finding {
	return finding.New(finding.PairLimit, s.at.Router,
		fmt.Sprintf("port %s of node %s has no room for the pair of %s: it may have %d", s.port.ID, s.at.Node.Name, s.address(), limit),
		fmt.Sprintf("%d pairs stand there, and Neutron refuses a list that is longer than max_allowed_address_pair", len(s.port.Pairs)),
		"remove stale pairs with --fix --prune, move the router to another node, or have max_allowed_address_pair raised in neutron.conf and say --max-pairs").At(finding.Error)
}

func tight(s *site, count, limit int) finding.Finding {
	return finding.New(finding.PairLimit, s.at.Router,
		fmt.Sprintf("port %s of node %s has room for %d more pairs: %d of %d are in use", s.port.ID, s.at.Node.Name, limit-count, count, limit),
		"every router on the node takes one, and OpenShift counts the same list for its EgressIPs",
		"remove stale pairs with --fix --prune, spread routers over more nodes, or have max_allowed_address_pair raised in neutron.conf and say --max-pairs").At(finding.Warning)
}

func notInSubnet(s *site, w *world) finding.Finding {
	known := collect.Map(w.subnets[s.port.NetworkID], func(sub subnet) string { return sub.CIDR.String() })
	has := "it has " + strings.Join(known, ", ")
	if len(known) == 0 {
		has = "none of its subnets can be seen"
	}
	return finding.New(finding.NotInSubnet, s.at.Router,
		fmt.Sprintf("%s is in no subnet of network %s, which port %s of node %s is on: %s", s.address(), w.name(s.port.NetworkID), s.port.ID, s.at.Node.Name, has),
		"no gateway there routes the address, and Neutron accepts the pair silently",
		"give the router an address of one of these subnets", openstackCommand("subnet", "list", "--network", s.port.NetworkID))
}

func notReserved(run finding.Run, s *site, r reservation) finding.Finding {
	return finding.New(finding.NotReserved, s.at.Router,
		fmt.Sprintf("%s is in an allocation pool of subnet %s, and no port holds it", s.address(), s.subnet),
		"Neutron may give the address to the next port that is made, and then two hosts answer for it",
		"have a port of its own keep the address, by one of these, or take it out of the subnet's allocation pools",
		run.On(s.at.Router, "--fix", "--reserve"), r.createCommand())
}

// forbidden is EGR309, as far as it can be foreseen: Neutron's policy lets an administrator and the owner of the
// port's network change pairs, and a cloud may have a policy of its own.
func (p *planner) forbidden(e *edit) {
	n, seen := p.world.networks[e.port.NetworkID]
	if p.cloud.owns(n) {
		return
	}
	owner := "project " + n.ProjectID
	if !seen || n.ProjectID == "" {
		owner = "a project that cannot be seen"
	}
	for _, router := range e.routers {
		p.report(finding.New(finding.PairsForbidden, router,
			fmt.Sprintf("user %s of project %s will hardly be allowed to change the pairs of port %s: its network %s belongs to %s", p.cloud.user, p.cloud.project, e.port.ID, p.world.name(e.port.NetworkID), owner),
			"Neutron's policy lets an administrator or the owner of the network change pairs; owning the port is not enough, and ports of others on that network cannot be seen either",
			"have the network's owner or an administrator change them", setPairs(e.port.ID, e.add, e.remove)))
	}
}
