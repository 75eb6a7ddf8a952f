package openstack

import (
	"encoding/json"
	"fmt"
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

// free reports whether nobody uses p: made by hand to keep an address.
func free(p *port) bool { return p.DeviceOwner == "" && p.DeviceID == "" }

// fits reports whether the reserved address of s is the router's to use on the port's network, and reports it where not.
func (p *planner) fits(s *site) bool {
	if s.subnet == nil {
		p.report(notInSubnet(s, p.world))
		return false
	}
	for _, holder := range p.world.holders[s.claim()] {
		if !isReservation(holder) && !free(holder) {
			p.report(heldBy(p.options.Run.Caller, s, holder))
			return false
		}
	}
	if n := p.world.networks[s.port.NetworkID]; !p.cloud.owns(n) {
		p.report(maybeHeld(s, p.cloud, n))
	}
	return true
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
	use := fmt.Sprintf("device owner %q, device %q", holder.DeviceOwner, holder.DeviceID)
	fix, command := "give the router an address that no port has, or free this one", openstackCommand("port", "show", holder.ID)
	switch {
	case holder.ID == s.port.ID:
		use = "the node's own"
	case holder.DeviceOwner == egressIPOwner:
		use = "OpenShift's reservation for an EgressIP"
		fix, command = "give the router an address that is no EgressIP", caller.Kubectl("", "get", "cloudprivateipconfigs")
	}
	return finding.New(finding.AddressHeld, s.at.Router,
		fmt.Sprintf("%s belongs to port %s of project %s (%s)", s.address(), named{holder.ID, holder.Name}, holder.ProjectID, use),
		"two hosts would answer for one address, and Neutron accepts the pair without a word",
		fix, command)
}
