package openstack

import (
	"errors"
	"fmt"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// errUntouchable is in the chain of the error of a pair that this tool never writes, whatever was planned.
var errUntouchable = errors.New("this tool leaves it alone")

// subportOwner is the device owner of a port that a trunk carries.
const subportOwner = "trunk:subport"

// noteNodePorts finds among the ports that were read those of the cluster's nodes, those that a trunk carries too.
func (w *world) noteNodePorts() {
	w.ofNodes = map[string]*port{}
	for _, id := range w.servers {
		for _, p := range w.byServer[id] {
			w.ofNodes[p.ID] = p
			for _, sub := range w.subports[p.ID] {
				w.ofNodes[sub.ID] = sub
			}
		}
	}
}

// mayRemove says why pair may not be removed from p, whatever a record says: nothing is changed of ports that are no
// node's, and nothing that has the port's own MAC, as the pairs of EgressIPs and virtual IPs have.
func (w *world) mayRemove(p *port, pair ports.AddressPair) error {
	if w.ofNodes[p.ID] == nil {
		return fmt.Errorf("the port is not that of a node of this cluster: %w", errUntouchable)
	}
	return notOwnMAC(p, pair)
}

// mayAdd says why pair may not be added to p: the same, and no port's own MAC, of which there must be one.
func (w *world) mayAdd(p *port, pair ports.AddressPair) error {
	for _, other := range w.ofNodes {
		if other.ID != p.ID && canonicalMAC(other.MAC) == canonicalMAC(pair.MACAddress) {
			return fmt.Errorf("%s is the own MAC of port %s, whose node would be off the network: %w", pair.MACAddress, other.ID, errUntouchable)
		}
	}
	return w.mayRemove(p, pair)
}

func notOwnMAC(p *port, pair ports.AddressPair) error {
	if keyOf(pair, p.MAC).MAC == canonicalMAC(p.MAC) {
		return fmt.Errorf("the pair for %s has the own MAC of port %s: %w", pair.IPAddress, p.ID, errUntouchable)
	}
	return nil
}

// mayWrite says why d may not be done to p. It is asked at the write itself, so that no plan, whoever made it, does harm.
// What is put back was written before, and the nodes are not known then.
func (r *run) mayWrite(p *port, d delta) error {
	remove, add := notOwnMAC, notOwnMAC
	if w := r.adapter.planned; !r.exact {
		if w == nil || w.ofNodes[p.ID] == nil {
			return fmt.Errorf("port %s is not that of a node of this cluster: %w", p.ID, errUntouchable)
		}
		p = w.ofNodes[p.ID] // a port that is known from its plan has no MAC
		remove, add = w.mayRemove, w.mayAdd
	}
	for _, pair := range d.remove {
		if err := remove(p, pair); err != nil {
			return err
		}
	}
	for _, pair := range d.add {
		if err := add(p, pair); err != nil {
			return err
		}
	}
	return nil
}
