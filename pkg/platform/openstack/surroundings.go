package openstack

import (
	"context"
	"maps"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// networkIDs are those of every port that was read.
func (w *world) networkIDs() []string {
	return collect.Unique(collect.Map(slices.Collect(maps.Values(w.ports)), func(p *port) string { return p.NetworkID }))
}

func (w *world) readSubnets(ctx context.Context) error {
	missing := slices.DeleteFunc(w.networkIDs(), func(id string) bool { return len(w.subnets[id]) > 0 })
	found, err := list[subnet](ctx, w.cloud, "subnets", "network_id", missing)
	for _, s := range found {
		w.subnets[s.NetworkID] = append(w.subnets[s.NetworkID], s)
	}
	return err
}

func (w *world) readNetworks(ctx context.Context) error {
	missing := slices.DeleteFunc(w.networkIDs(), func(id string) bool { return w.networks[id].ID != "" })
	found, err := list[network](ctx, w.cloud, "networks", "id", missing)
	for _, n := range found {
		w.networks[n.ID] = n
	}
	return err
}

// readHolders reads who has any of addresses. They may come from records that anybody can write, so what is no address
// is left out.
func (w *world) readHolders(ctx context.Context, addresses []string) error {
	var valid []string
	for _, text := range addresses {
		if prefix, ok := prefixOf(text); ok && prefix.IsSingleIP() {
			valid = append(valid, prefix.Addr().String())
		}
	}
	found, err := w.cloud.portsWithAddress(ctx, collect.Unique(valid))
	for _, p := range found {
		for _, fixed := range p.FixedIPs {
			c := claim{p.NetworkID, canonicalIP(fixed.IPAddress)}
			w.holders[c] = append(w.holders[c], p)
		}
	}
	return err
}

// readGroups reads the security groups that frames to a destination have to pass.
func (w *world) readGroups(ctx context.Context, need []platform.Attachment) error {
	var ids []string
	for _, at := range need {
		if s := w.place(at); s.port != nil && len(at.Destinations) > 0 && !s.port.unsecured() {
			ids = append(ids, s.port.SecurityGroups...)
		}
	}
	found, err := list[securityGroup](ctx, w.cloud, "security-groups", "id", collect.Unique(ids))
	for _, g := range found {
		w.groups[g.ID] = g
	}
	return err
}
