package openstack

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// placed is a pair that stands on a port, as it is spelt there.
type placed struct {
	port *port
	pair ports.AddressPair
}

// needlessPair is a recorded pair that stands on its port and that no router needs there.
type needlessPair struct {
	router string
	placed
}

// findNeedless compares the records with what is needed. A router whose place is not known, because its pod is just
// being moved or a port was not found, keeps all that it has.
func (p *planner) findNeedless() {
	for _, router := range slices.Sorted(maps.Keys(p.recorded)) {
		if !p.settled(router) {
			continue
		}
		for _, recorded := range p.recorded[router] {
			port := p.world.ports[recorded.Port]
			if port == nil {
				p.lost(router, recorded)
				continue
			}
			for _, pair := range port.Pairs {
				if k := port.recordOf(pair); k == recorded && !p.needed[k] {
					p.needless = append(p.needless, needlessPair{router, placed{port, pair}})
					p.isNeedless[k] = true
				}
			}
		}
	}
}

// settled reports whether it is known of router where its pairs must be.
func (p *planner) settled(router string) bool {
	known := false
	for _, s := range p.sites {
		if s.at.Router != router || !s.needed {
			continue
		}
		if !s.known() {
			return false
		}
		known = true
	}
	return known
}

// lost is a recorded pair whose port is not to be seen. Where pruning is asked for, the record forgets it: a node
// that is deleted takes its port along.
func (p *planner) lost(router string, recorded Pair) {
	if !p.options.Prune {
		p.note("%s: the record names port %s, which is gone or belongs to another project than %s", router, recorded.Port, p.cloud.project)
		return
	}
	p.note("%s: the record forgets port %s, which is gone", router, recorded.Port)
	p.adapter.ledger.removed(recorded.Port, []ports.AddressPair{recorded.addressPair()})
}

// pruned are the pairs of port that this plan removes.
func (p *planner) pruned(port *port) []ports.AddressPair {
	var out []ports.AddressPair
	if !p.options.Prune {
		return nil
	}
	for _, n := range p.needless {
		if n.port.ID == port.ID {
			out = append(out, n.pair)
		}
	}
	return out
}

// stale reports the pairs that are no longer needed, and plans to remove those that are ours.
func (p *planner) stale() {
	for _, n := range p.needless {
		fix := "run with --fix --prune, or: " + removeCommand(n.port.ID, n.pair)
		p.report(stalePair(n.router, n.port, n.pair, "this tool wrote it, and the router's pod is elsewhere or has another MAC now", fix))
		if !p.options.Prune {
			continue
		}
		p.edit(n.port, p.nodeOf(n.port)).take(n.pair, n.router,
			fmt.Sprintf("%s no longer sends as %s with MAC %s from there", n.router, n.pair.IPAddress, n.pair.MACAddress))
		p.adapter.ledger.owns(n.router, n.port.recordOf(n.pair))
	}
	claims := p.world.claims()
	for i := range p.sites {
		if s := &p.sites[i]; s.needed && s.known() {
			p.strangers(s, claims)
		}
	}
}

// claim is an address on a network.
type claim struct{ network, ip string }

// claims are all pairs that were read, by what they are for; in the order of the ports' IDs.
func (w *world) claims() map[claim][]placed {
	out := map[claim][]placed{}
	for _, id := range slices.Sorted(maps.Keys(w.ports)) {
		port := w.ports[id]
		for _, pair := range port.Pairs {
			c := claim{port.NetworkID, canonicalIP(pair.IPAddress)}
			out[c] = append(out[c], placed{port, pair})
		}
	}
	return out
}

// strangers reports pairs for the reserved address of s that nobody recorded: they let another use it.
func (p *planner) strangers(s *site, claims map[claim][]placed) {
	for _, other := range claims[s.claim()] {
		k := other.port.recordOf(other.pair)
		if p.needed[k] || p.isNeedless[k] {
			continue
		}
		why := "nobody recorded it as written for the router"
		if k.MAC == canonicalMAC(other.port.MAC) {
			why = "it has the port's own MAC, as the pairs of EgressIPs and virtual IPs have"
		}
		p.report(stalePair(s.at.Router, other.port, other.pair, why, "where its owner agrees: "+removeCommand(other.port.ID, other.pair)))
	}
}

// nodeOf is the name of a node that port is of, or empty.
func (p *planner) nodeOf(port *port) string {
	for _, name := range slices.Sorted(maps.Keys(p.world.servers)) {
		if p.world.servers[name] == port.DeviceID && port.DeviceID != "" {
			return name
		}
	}
	return ""
}

// room reports the ports that have no room for the next pair, or for one only, when this plan is done. A port with
// more pairs than the limit shows that the cloud's is another.
func (p *planner) room() {
	for i := range p.sites {
		s := &p.sites[i]
		if !s.needed || s.port == nil || s.port.unsecured() || len(s.port.Pairs) > p.options.MaxPairs {
			continue
		}
		count := len(s.port.Pairs)
		if e := p.edits[s.port.ID]; e != nil {
			count = len(edited(s.port.Pairs, e.add, e.remove, s.port.MAC))
		}
		if p.options.MaxPairs-count > 1 {
			continue
		}
		if f := noRoom(s, p.options.MaxPairs); !slices.Contains(p.plan.Findings, f) {
			p.report(tight(s, count, p.options.MaxPairs))
		}
	}
}
