package openstack

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// station is a MAC on a network: what ML2/OVN has a single place for.
type station struct{ network, mac string }

// carrier is the set of ports, by ID, that a station is allowed on and needed on.
type carrier struct{ have, want map[string]bool }

func (s site) station() station { return station{s.port.NetworkID, canonicalMAC(s.at.MAC)} }

// spread finds every port that a MAC of ours is on, and reports those that are on several: a fixed MAC on more than
// one port makes ML2/OVN deliver to one of them, chosen at will (measured with OVN 23.03).
func (p *planner) spread() {
	for _, s := range p.sites {
		if !s.known() {
			continue
		}
		c := p.carriers[s.station()]
		if c == nil {
			c = &carrier{map[string]bool{}, map[string]bool{}}
			p.carriers[s.station()] = c
		}
		if s.needed && !s.port.unsecured() {
			c.want[s.port.ID] = true
		}
	}
	for _, port := range p.world.ports {
		for _, pair := range port.Pairs {
			mac := port.recordOf(pair).MAC
			if c := p.carriers[station{port.NetworkID, mac}]; c != nil && mac != canonicalMAC(port.MAC) {
				c.have[port.ID] = true
			}
		}
	}
	for _, s := range p.sites {
		if !s.known() || !s.needed {
			continue
		}
		if c := p.carriers[s.station()]; len(c.have) > 1 || len(c.want) > 1 {
			p.report(p.severalPorts(s, c))
		}
	}
}

// ovnMTU is what Geneve, which only OVN speaks, leaves of 1500.
const ovnMTU = 1442

// doubtBackend says where the cloud does not look like the backend that the user named. No client can tell for sure.
func (p *planner) doubtBackend() {
	if p.options.Backend != OpenVSwitch {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(p.world.networks)) {
		if n := p.world.networks[id]; n.MTU == ovnMTU {
			p.note("network %s has MTU %d, which OVN's networks mostly have: make sure that this Neutron works with Open vSwitch, or one MAC on several ports will break", n, n.MTU)
		}
	}
}

// leaves reports whether a port loses mac by this plan: its pairs with it are all recorded and no longer needed.
func (p *planner) leaves(id, mac string) bool {
	port := p.world.ports[id]
	return p.options.Prune && !slices.ContainsFunc(port.Pairs, func(pair ports.AddressPair) bool {
		k := port.recordOf(pair)
		return k.MAC == mac && !p.needless[k]
	})
}

// elsewhere says why the pair of s may not be added: its MAC is, or would be, on another port too. It is empty where
// it may.
func (p *planner) elsewhere(s *site) (fix, command string) {
	if err := p.world.mayAdd(s.port, s.pair().addressPair()); err != nil {
		return fmt.Sprintf("give the router another MAC: %v", err), ""
	}
	if p.options.Backend == OpenVSwitch {
		return "", ""
	}
	c := p.carriers[s.station()]
	var recorded, foreign, wanted []string
	for _, id := range slices.Sorted(maps.Keys(c.have)) {
		switch {
		case id == s.port.ID, p.leaves(id, s.station().mac):
		case p.recordedOn(id, s.station().mac):
			recorded = append(recorded, id)
		default:
			foreign = append(foreign, id)
		}
	}
	for id := range c.want {
		if id != s.port.ID && !c.have[id] {
			wanted = append(wanted, id)
		}
	}
	switch {
	case len(foreign) > 0:
		return fmt.Sprintf("the MAC is on port %s already, by another hand, and may be on one port only: take it away there first",
			strings.Join(foreign, " and port ")), p.unsetAll(foreign, s.station().mac)
	case len(recorded) > 0:
		return fmt.Sprintf("this tool put the MAC on port %s, and it may be on one port only: add the pair here and take it away there",
			strings.Join(recorded, " and port ")), p.options.Run.On(s.at.Router, "--fix", "--prune")
	case len(wanted) > 0:
		return "the MAC may be on one port only: name one node, or give each router a MAC of its own", ""
	}
	return "", ""
}

// recordedOn reports whether a pair with mac was written by us to the port id.
func (p *planner) recordedOn(id, mac string) bool {
	for _, pairs := range p.recorded {
		if slices.ContainsFunc(pairs, func(r Pair) bool { return r.Port == id && canonicalMAC(r.MAC) == mac }) {
			return true
		}
	}
	return false
}

// unsetAll is the command that takes mac away from ports.
func (p *planner) unsetAll(ids []string, mac string) string {
	var commands []string
	for _, id := range ids {
		port := p.world.ports[id]
		for _, pair := range port.Pairs {
			if port.recordOf(pair).MAC == mac {
				commands = append(commands, removeCommand(id, pair))
			}
		}
	}
	return strings.Join(commands, " && ")
}

// severalPorts is EGR311.
func (p *planner) severalPorts(s site, c *carrier) finding.Finding {
	ids := slices.Sorted(maps.Keys(c.have))
	what := "is allowed on"
	if len(ids) < 2 {
		ids, what = slices.Sorted(maps.Keys(c.want)), "is wanted on"
	}
	level := finding.Error
	why := "ML2/OVN delivers every frame for a MAC to one port of the network; with several it picks one at will, logs nothing, and picks again after each restart"
	fix, command := "leave the pair on the port of the node where the pod runs, and remove those that this tool wrote elsewhere", p.options.Run.On(s.at.Router, "--fix", "--prune")
	if p.options.Backend == OpenVSwitch {
		level = finding.Warning
		why = "ML2/OVS has no central table, but two ports with one MAC on one hypervisor overwrite each other's flows"
		fix, command = "leave --all-nodes out, so that only the node where the pod runs has the pair", ""
	} else if own := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !c.have[id] || c.want[id] || p.recordedOn(id, s.station().mac) }); len(own) > 0 {
		fix, command = "remove it where the router's pod is not", p.unsetAll(own, s.station().mac)
	}
	return finding.New(finding.MACOnSeveral, s.at.Router,
		fmt.Sprintf("MAC %s %s %d ports of network %s: %s", s.station().mac, what, len(ids), p.world.name(s.port.NetworkID), strings.Join(ids, ", ")),
		why, fix, command).At(level)
}

// name is a network's, as far as it can be seen.
func (w *world) name(networkID string) string {
	if n, ok := w.networks[networkID]; ok {
		return n.String()
	}
	return networkID
}
