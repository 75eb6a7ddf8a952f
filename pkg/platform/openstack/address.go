package openstack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// reservationOwner is the device owner of the ports that reserve an address for a router. OpenShift's own controller
// uses another for its EgressIPs, and those are never touched.
const reservationOwner = "kubectl-egress"

// egressIPOwner is that of OpenShift's cloud-network-config-controller.
const egressIPOwner = "OpenShiftEgressIP"

// reservation is a port that keeps an address for a router, as a Change holds it.
type reservation struct {
	ID        string `json:"id,omitempty"`
	Name      string `json:"name"`
	NetworkID string `json:"network_id"`
	SubnetID  string `json:"subnet_id"`
	IP        string `json:"ip_address"`
	// Router is the port's device_id: namespace/name.
	Router string `json:"device_id"`
}

func (r reservation) createOpts() ports.CreateOpts {
	return ports.CreateOpts{Name: r.Name, NetworkID: r.NetworkID, DeviceID: r.Router, DeviceOwner: reservationOwner,
		FixedIPs: []ports.IP{{SubnetID: r.SubnetID, IPAddress: r.IP}}}
}

// json is r as a Change holds it. Strings can always be written as JSON.
func (r reservation) json() json.RawMessage {
	out, _ := json.Marshal(r)
	return out
}

// createCommand is the openstack command that does the same.
func (r reservation) createCommand() string {
	return openstackCommand("port", "create", "--network", r.NetworkID, "--fixed-ip", "subnet="+r.SubnetID+",ip-address="+r.IP,
		"--device-owner", reservationOwner, "--device", r.Router, r.Name)
}

// isReservation reports whether p is a port of ours for nothing but its address.
func isReservation(p *port) bool { return p.DeviceOwner == reservationOwner }

// free reports whether nothing uses p as far as Neutron knows: made by hand to keep an address. Installers keep the API
// and ingress VIPs so, too.
func free(p *port) bool { return p.DeviceOwner == "" && p.DeviceID == "" }

// reservationTag on a port without an owner says that it keeps its address for a router.
const reservationTag = "kubectl-egress"

// keeps reports whether p is there for the router of s: a reservation of ours, or a free port of which whoever may write it,
// or whoever named the address, says so.
func (s *site) keeps(p *port) bool {
	return isReservation(p) || free(p) && (s.at.Named || slices.Contains(p.Tags, reservationTag))
}

// fits reports whether the reserved address of s is the router's to use on the port's network, and reports it where not.
func (p *planner) fits(s *site) bool {
	if s.subnet == nil {
		p.report(notInSubnet(s, p.world))
		return false
	}
	for _, holder := range p.world.holders[s.claim()] {
		if !s.keeps(holder) {
			p.report(heldBy(p.options.Run.Caller, s, holder))
			return false
		}
	}
	if at := p.world.virtual(s.claim()); at != nil {
		p.report(heldAsVirtual(s, at, p.nodeOf(at)))
		return false
	}
	if n := p.world.networks[s.port.NetworkID]; !p.cloud.owns(n) {
		p.report(maybeHeld(s, p.cloud, n))
	}
	return true
}

// virtual returns a node's port that has the address of c as a virtual one: by a pair with the port's own MAC, which
// installers write for the API and ingress VIPs, and OpenShift for an EgressIP. It is nil where none does.
func (w *world) virtual(c claim) *port {
	for _, id := range slices.Sorted(maps.Keys(w.ofNodes)) {
		p := w.ofNodes[id]
		if p.NetworkID == c.network && slices.ContainsFunc(p.Pairs, func(pair ports.AddressPair) bool { return p.isVirtual(pair, c.ip) }) {
			return p
		}
	}
	return nil
}

// isVirtual reports whether pair gives p an address beside its own.
func (p *port) isVirtual(pair ports.AddressPair, address string) bool {
	k := p.recordOf(pair)
	return k.MAC == canonicalMAC(p.MAC) && k.IP == address
}

// heldAsVirtual is EGR307 for an address that moves between nodes.
func heldAsVirtual(s *site, at *port, node string) finding.Finding {
	return finding.New(finding.AddressHeld, s.at.Router,
		fmt.Sprintf("%s is a virtual address of %s: a pair with the port's own MAC allows it", s.address(), target(at.ID, cmp.Or(node, at.Name))),
		"API and ingress VIPs and EgressIPs have such pairs, and two hosts would answer for one address",
		"give the router an address that nothing else has", openstackCommand("port", "show", at.ID))
}

// owns reports whether the user may see and change every port of n, as Neutron's policy has it.
func (c *Cloud) owns(n network) bool {
	return c.admin || n.ProjectID != "" && n.ProjectID == c.project.ID
}

// maybeHeld is EGR307 where it cannot be told.
func maybeHeld(s *site, c *Cloud, n network) finding.Finding {
	return finding.New(finding.AddressHeld, s.at.Router,
		fmt.Sprintf("whether another port holds %s is not known: network %s is not of project %s", s.address(), named{s.port.NetworkID, n.Name}, c.project),
		"the ports of other projects on it are seen by its owner and by administrators only",
		"ask them to look", openstackCommand("port", "list", "--network", s.port.NetworkID, "--fixed-ip", "ip-address="+s.address().String(), "--long")).At(finding.Info)
}

// reserve sees to it that Neutron gives the address of s to nobody: it is outside the pools, or a port holds it.
func (p *planner) reserve(s *site) {
	if !s.subnet.givesAway(s.address()) || len(p.world.holders[s.claim()]) > 0 {
		return
	}
	r := reservation{Name: "egress-router " + s.at.Router, NetworkID: s.port.NetworkID, SubnetID: s.subnet.ID, IP: s.address().String(), Router: s.at.Router}
	p.report(notReserved(p.options.Run, s, r))
	if !p.options.Reserve {
		return
	}
	if slices.ContainsFunc(p.reservations, func(c platform.Change) bool { return c.ID == r.place() }) {
		return
	}
	p.reservations = append(p.reservations, platform.Change{ID: r.place(), Target: fmt.Sprintf("address %s on subnet %s", r.IP, s.subnet),
		Routers: []string{s.at.Router}, Field: portField, Before: json.RawMessage("null"), After: r.json(),
		Reason: fmt.Sprintf("%s keeps %s, so that Neutron gives it to no other port", s.at.Router, r.IP), Command: r.createCommand()})
}

// place is what a reservation is known by before it has an ID.
func (r reservation) place() string { return r.SubnetID + "/" + r.IP }

// heldBy is EGR307.
func heldBy(caller finding.Caller, s *site, holder *port) finding.Finding {
	why := "two hosts would answer for one address, and Neutron accepts the pair silently"
	use := fmt.Sprintf("device owner %q, device %q", holder.DeviceOwner, holder.DeviceID)
	fix, command := "give the router an address that no port has, or free this one", openstackCommand("port", "show", holder.ID)
	switch {
	case holder.ID == s.port.ID:
		use = "the node's own"
	case free(holder):
		use, why = "without an owner", "it may keep the address for the router, or for a virtual IP: installers keep the API and ingress VIPs so"
		fix, command = "where it keeps the address for the router, say so by a tag", openstackCommand("port", "set", "--tag", reservationTag, holder.ID)
	case holder.DeviceOwner == egressIPOwner:
		use = "OpenShift's reservation for an EgressIP"
		fix, command = "give the router an address that is no EgressIP", caller.Kubectl("", "get", "cloudprivateipconfigs")
	}
	return finding.New(finding.AddressHeld, s.at.Router,
		fmt.Sprintf("%s belongs to port %s of project %s (%s)", s.address(), named{holder.ID, holder.Name}, holder.ProjectID, use),
		why, fix, command)
}
