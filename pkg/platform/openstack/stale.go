package openstack

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// needlessPair is a recorded pair that stands on its port and that no router needs there.
type needlessPair struct {
	router string
	port   *port
	// pair is spelt as it stands.
	pair ports.AddressPair
	key  key
}

// findNeedless compares the records with what is needed. A router whose place is not known, because its pod is just
// being moved or a port was not found, keeps all that it has.
func (p *planner) findNeedless() []needlessPair {
	var out []needlessPair
	for _, router := range slices.Sorted(maps.Keys(p.options.Recorded)) {
		if !p.settled(router) {
			continue
		}
		for _, recorded := range p.options.Recorded[router] {
			port := p.world.ports[recorded.Port]
			if port == nil {
				p.lost(router, recorded)
				continue
			}
			for _, pair := range port.Pairs {
				k := keyOf(pair, port.MAC)
				if k == recorded.key() && !p.isNeeded(port.ID, k) {
					out = append(out, needlessPair{router, port, pair, k})
				}
			}
		}
	}
	return out
}

// settled reports whether it is known of router where its pairs must be.
func (p *planner) settled(router string) bool {
	known := false
	for _, s := range p.sites {
		if s.at.Router != router || !s.needed {
			continue
		}
		if s.port == nil || s.at.MAC == "" {
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

// placed is a pair on a port.
type placed struct {
	portID string
	key    key
}

// isNeeded reports whether any router needs the pair k on a port.
func (p *planner) isNeeded(portID string, k key) bool { return p.needed[placed{portID, k}] }

func (p *planner) isNeedless(portID string, k key) bool {
	return slices.ContainsFunc(p.needless, func(n needlessPair) bool { return n.port.ID == portID && n.key == k })
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
		e := p.edit(n.port, p.nodeOf(n.port))
		if !keys(e.remove, n.port.MAC)[n.key] {
			e.remove = append(e.remove, n.pair)
		}
		e.because(n.router, fmt.Sprintf("%s no longer sends as %s with MAC %s from there", n.router, n.pair.IPAddress, n.pair.MACAddress))
		p.adapter.ledger.owns(n.router, recordOf(n.port.ID, n.pair))
	}
	claims := p.world.claims()
	for i := range p.sites {
		if s := &p.sites[i]; s.needed && s.port != nil && s.at.MAC != "" {
			p.strangers(s, claims)
		}
	}
}

// claim is an address on a network.
type claim struct{ network, ip string }

// allowed is a pair that stands on a port.
type allowed struct {
	port *port
	pair ports.AddressPair
	key  key
}

// claims are all pairs that were read, by what they are for; in the order of the ports' IDs.
func (w *world) claims() map[claim][]allowed {
	out := map[claim][]allowed{}
	for _, id := range slices.Sorted(maps.Keys(w.ports)) {
		port := w.ports[id]
		for _, pair := range port.Pairs {
			k := keyOf(pair, port.MAC)
			c := claim{port.NetworkID, k.ip}
			out[c] = append(out[c], allowed{port, pair, k})
		}
	}
	return out
}

// strangers reports pairs for the reserved address of s that nobody recorded: they let another use it.
func (p *planner) strangers(s *site, claims map[claim][]allowed) {
	for _, other := range claims[s.claim()] {
		if p.isNeeded(other.port.ID, other.key) || p.isNeedless(other.port.ID, other.key) {
			continue
		}
		why := "nobody recorded it as written for the router"
		if other.key.mac == canonicalMAC(other.port.MAC) {
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
