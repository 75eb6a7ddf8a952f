package openstack

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// PlanRevoke is the plan that takes back what records, by router, say was written: our reservations of the addresses,
// and then the pairs. Apply carries it out like any other.
func (a *Adapter) PlanRevoke(ctx context.Context, records map[string][]Pair) (*platform.Plan, error) {
	if _, err := a.guarded(ctx); err != nil {
		return nil, err
	}
	w := newWorld(a.cloud)
	if err := w.readNodes(ctx, a.options.Nodes, records); err != nil {
		return nil, err
	}
	if err := w.readNetworks(ctx); err != nil {
		return nil, err
	}
	var addresses []string
	for _, pairs := range records {
		for _, p := range pairs {
			addresses = append(addresses, p.IP)
		}
	}
	if err := w.readHolders(ctx, addresses); err != nil {
		return nil, err
	}
	p := a.newPlanner(w)
	a.planned = w
	for _, router := range slices.Sorted(maps.Keys(records)) {
		for _, recorded := range records[router] {
			p.revoke(router, recorded)
		}
	}
	p.finish()
	return p.plan, nil
}

// revoke plans to remove one recorded pair, or that of any node's port, and what reserves its address for the router. The
// record forgets one that is not there.
func (p *planner) revoke(router string, recorded Pair) {
	if recorded.Port == "" {
		for _, id := range slices.Sorted(maps.Keys(p.world.ofNodes)) {
			recorded.Port = id
			p.revokeFrom(router, p.world.ofNodes[id], recorded)
		}
		return
	}
	p.adapter.ledger.owns(router, recorded)
	port := p.world.ports[recorded.Port]
	if port == nil {
		p.report(finding.New(finding.PairStale, router,
			fmt.Sprintf("port %s, to which %s with MAC %s was written, cannot be seen", recorded.Port, recorded.IP, recorded.MAC),
			fmt.Sprintf("it is gone, and the pair with it, or it belongs to another project than %s", p.cloud.project),
			"look with the credentials of the project that owns it", openstackCommand("port", "show", recorded.Port)))
		p.adapter.ledger.removed(recorded.Port, []ports.AddressPair{recorded.addressPair()})
		return
	}
	if !p.revokeFrom(router, port, recorded) {
		p.adapter.ledger.removed(recorded.Port, []ports.AddressPair{recorded.addressPair()})
	}
}

// revokeFrom plans to remove what is recorded of a port, and reports whether it is there.
func (p *planner) revokeFrom(router string, port *port, recorded Pair) bool {
	p.revokeReservations(router, port, recorded)
	there := false
	for _, pair := range port.Pairs {
		if port.recordOf(pair) != recorded.canonical() {
			continue
		}
		there = true
		if !p.spared(router, port, pair) {
			p.adapter.ledger.owns(router, recorded)
			p.edit(port, port.Name).take(pair, router, fmt.Sprintf("take back what was written for %s: %s with MAC %s", router, pair.IPAddress, pair.MACAddress))
		}
	}
	return there
}

func (p *planner) revokeReservations(router string, at *port, recorded Pair) {
	for _, holder := range p.world.holders[claim{at.NetworkID, canonicalIP(recorded.IP)}] {
		if !isReservation(holder) || holder.DeviceID != router || slices.ContainsFunc(p.reservations, func(c platform.Change) bool { return c.ID == holder.ID }) {
			continue
		}
		before := reservation{ID: holder.ID, Name: holder.Name, NetworkID: holder.NetworkID,
			SubnetID: subnetOf(holder, recorded.IP), IP: canonicalIP(recorded.IP), Router: router}
		p.reservations = append(p.reservations, platform.Change{ID: holder.ID, Target: target(holder.ID, holder.Name), Routers: []string{router},
			Field: portField, Before: before.json(), After: json.RawMessage("null"),
			Reason:  fmt.Sprintf("take back the reservation of %s for %s", canonicalIP(recorded.IP), router),
			Command: openstackCommand("port", "delete", holder.ID)})
	}
}

// subnetOf is the subnet on which p has address.
func subnetOf(p *port, address string) string {
	for _, fixed := range p.FixedIPs {
		if canonicalIP(fixed.IPAddress) == canonicalIP(address) {
			return fixed.SubnetID
		}
	}
	return ""
}
