package openstack

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// findNeedless compares the records with what is needed: it reports the pairs that stand and that no router needs there, and
// plans to remove them where pruning is asked for. A router whose place is not known, because its pod is just being moved
// or a port was not found, keeps all that it has.
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
					p.needless[k] = true
					p.prune(router, port, pair)
				}
			}
		}
	}
}

// seeOwn finds the pairs on the nodes' ports that are their own record: each belongs to the routers in question that have
// its address on that network.
func (p *planner) seeOwn() {
	routers := map[claim][]string{}
	for _, s := range p.sites {
		if s.needed && s.known() && !slices.Contains(routers[s.claim()], s.at.Router) {
			routers[s.claim()] = append(routers[s.claim()], s.at.Router)
		}
	}
	own := map[string][]Pair{}
	for _, port := range p.world.ofNodes {
		for _, pair := range port.Pairs {
			if r := port.recordOf(pair); r.isOwn() && r.MAC != canonicalMAC(port.MAC) {
				for _, router := range routers[claim{port.NetworkID, r.IP}] {
					own[router] = append(own[router], r)
				}
			}
		}
	}
	p.adapter.ledger.sees(own)
	p.recorded = p.adapter.recorded()
}

// prune reports a pair that is no longer needed, and plans to remove it.
func (p *planner) prune(router string, port *port, pair ports.AddressPair) {
	if p.spared(router, port, pair) {
		return
	}
	p.report(stalePair(router, port, pair, "this tool wrote it, and the router's pod is elsewhere or has another MAC now",
		"remove it, by one of these", p.options.Run.On(router, "--fix", "--prune"), removeCommand(port.ID, pair)))
	if p.options.Prune {
		p.edit(port, p.nodeOf(port)).take(pair, router,
			fmt.Sprintf("%s no longer sends as %s with MAC %s from there", router, pair.IPAddress, pair.MACAddress))
	}
}

// spared reports whether pair may not be removed, whatever a record says, and notes that.
func (p *planner) spared(router string, port *port, pair ports.AddressPair) bool {
	err := p.world.mayRemove(port, pair)
	if err != nil {
		p.note("%s: the record names %s with MAC %s on port %s, and it stays: %v", router, pair.IPAddress, pair.MACAddress, port.ID, err)
	}
	return err != nil
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

// claim is an address on a network.
type claim struct{ network, ip string }

// strangers reports pairs for reserved addresses that nobody recorded: they let another use them.
func (p *planner) strangers() {
	sites := map[claim][]site{}
	for _, s := range p.sites {
		if s.needed && s.known() {
			sites[s.claim()] = append(sites[s.claim()], s)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.world.ports)) {
		port := p.world.ports[id]
		for _, pair := range port.Pairs {
			k := port.recordOf(pair)
			// A virtual address is held by somebody, of which fits tells.
			if p.needed[k] || p.needless[k] || p.world.ofNodes[id] != nil && port.isVirtual(pair, k.IP) {
				continue
			}
			why := "nobody recorded it as written for the router"
			if k.MAC == canonicalMAC(port.MAC) {
				why = "it has the port's own MAC, as the pairs of EgressIPs and virtual IPs have"
			}
			for _, s := range sites[claim{port.NetworkID, k.IP}] {
				p.report(stalePair(s.at.Router, port, pair, why, "remove it where its owner agrees", removeCommand(id, pair)))
			}
		}
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
		if f := noRoom(s, p.options.MaxPairs); !slices.ContainsFunc(p.plan.Findings, f.Is) {
			p.report(tight(s, count, p.options.MaxPairs))
		}
	}
}
