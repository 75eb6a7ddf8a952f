package openstack

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// site is where an attachment is in Neutron.
type site struct {
	at platform.Attachment
	// port is the one that the router's frames leave by; nil where it cannot be told.
	port *port
	// subnet is the one of the port's network that holds the reserved address; nil where none does.
	subnet *subnet
	// fault says why there is no port.
	fault string
	// needed tells that the pair must be there now.
	needed bool
}

// key is the pair that the site needs.
func (s site) key() Pair { return Pair{IP: s.address().String(), MAC: canonicalMAC(s.at.MAC)} }

// claim is the address that the site needs.
func (s site) claim() claim { return claim{s.port.NetworkID, s.key().IP} }

func (s site) address() netip.Addr { return s.at.IP.Addr().Unmap() }

// pair is the same as a record.
func (s site) pair() Pair {
	return Pair{s.port.ID, s.key().IP, s.key().MAC}
}

// known reports whether it is known of s which pair its router's frames need, and where.
func (s site) known() bool { return s.port != nil && s.at.MAC != "" }

// allowed reports whether the port lets the router's frames through.
func (s site) allowed() bool {
	return s.port.unsecured() || s.at.MAC != "" && covers(s.port.Pairs, s.key(), s.port.MAC)
}

// place finds the port of at: of those of its node, the one whose subnet holds the reserved address, else one whose
// network has such a subnet, else a port that a trunk of the node carries.
func (w *world) place(at platform.Attachment) site {
	s := site{at: at}
	if !at.IP.IsValid() {
		s.fault = "the router has no address"
		return s
	}
	if fault := w.faults[at.Node.Name]; fault != "" {
		s.fault = fault
		return s
	}
	id := w.servers[at.Node.Name]
	own := w.byServer[id]
	if len(own) == 0 {
		s.fault = fmt.Sprintf("server %s has no port that project %s can see", id, w.cloud.project)
		return s
	}
	carried := collect.Flat(own, func(p *port) []*port { return w.subports[p.ID] })
	for _, choice := range []struct {
		ports []*port
		strip bool
	}{{own, true}, {carried, true}, {own, false}, {carried, false}} {
		switch found := w.inSubnet(choice.ports, s.address(), choice.strip); len(found) {
		case 0:
		case 1:
			s.port, s.subnet = found[0], w.holding(found[0], s.address())
			return s
		default:
			s.fault = fmt.Sprintf("%d of its ports are in the subnet of %s: %s", len(found), s.address(), portNames(found))
			return s
		}
	}
	if all := append(own[:len(own):len(own)], carried...); len(all) == 1 {
		s.port = all[0]
	} else {
		s.fault = fmt.Sprintf("none of its %d ports is in a subnet that holds %s: %s", len(all), s.address(), portNames(all))
	}
	return s
}

// inSubnet are those of ports that reach address: own asks for a subnet in which the port has an address, else any
// subnet of the port's network will do.
func (w *world) inSubnet(ports []*port, address netip.Addr, own bool) []*port {
	return collect.Filter(ports, func(p *port) bool {
		s := w.holding(p, address)
		return s != nil && (!own || p.on(s.ID))
	})
}

// holding is the subnet of p's network that has address, or nil.
func (w *world) holding(p *port, address netip.Addr) *subnet {
	var found *subnet
	for i := range w.subnets[p.NetworkID] {
		s := &w.subnets[p.NetworkID][i]
		if s.CIDR.Contains(address) && (found == nil || p.on(s.ID)) {
			found = s
		}
	}
	return found
}

// on reports whether p has an address on a subnet.
func (p *port) on(subnetID string) bool {
	return slices.ContainsFunc(p.FixedIPs, func(fixed ports.IP) bool { return fixed.SubnetID == subnetID })
}

func portNames(list []*port) string {
	return strings.Join(collect.Map(list, func(p *port) string { return p.ID }), ", ")
}
