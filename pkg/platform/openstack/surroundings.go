package openstack

import (
	"context"
	"net/netip"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// subnet is a subnet with its addresses read.
type subnet struct {
	ID, Name string
	CIDR     netip.Prefix
	Gateway  string
	pools    []pool
}

func (s subnet) String() string { return named{s.ID, s.Name}.String() + " " + s.CIDR.String() }

// pool is a range that Neutron gives addresses out of, both ends included.
type pool struct{ first, last netip.Addr }

// givesAway reports whether Neutron may give address to a port.
func (s subnet) givesAway(address netip.Addr) bool {
	return slices.ContainsFunc(s.pools, func(p pool) bool {
		return p.first.Compare(address) <= 0 && address.Compare(p.last) <= 0
	})
}

// readable is s as this package needs it; false where its addresses cannot be read.
func readable(s subnets.Subnet) (subnet, bool) {
	cidr, err := netip.ParsePrefix(s.CIDR)
	if err != nil {
		return subnet{}, false
	}
	out := subnet{ID: s.ID, Name: s.Name, CIDR: cidr, Gateway: s.GatewayIP}
	for _, p := range s.AllocationPools {
		first, firstErr := netip.ParseAddr(p.Start)
		last, lastErr := netip.ParseAddr(p.End)
		if firstErr == nil && lastErr == nil {
			out.pools = append(out.pools, pool{first, last})
		}
	}
	return out, true
}

// networkIDs are those of every port that was read.
func (w *world) networkIDs() []string {
	var ids []string
	for _, p := range w.ports {
		ids = append(ids, p.NetworkID)
	}
	return unique(ids)
}

func (w *world) readSubnets(ctx context.Context) error {
	missing := slices.DeleteFunc(w.networkIDs(), func(id string) bool { return len(w.subnets[id]) > 0 })
	found, err := w.cloud.subnets(ctx, missing)
	for _, s := range found {
		if known, ok := readable(s); ok {
			w.subnets[s.NetworkID] = append(w.subnets[s.NetworkID], known)
		}
	}
	return err
}

func (w *world) readNetworks(ctx context.Context) error {
	missing := slices.DeleteFunc(w.networkIDs(), func(id string) bool { return w.networks[id].ID != "" })
	found, err := w.cloud.networks(ctx, missing)
	for _, n := range found {
		w.networks[n.ID] = n
	}
	return err
}

func (w *world) readHolders(ctx context.Context, addresses []netip.Addr) error {
	texts := make([]string, len(addresses))
	for i, address := range addresses {
		texts[i] = address.String()
	}
	found, err := w.cloud.portsWithAddress(ctx, unique(texts))
	for _, address := range addresses {
		for _, p := range found {
			if has(p, address.String()) {
				w.holders[address] = append(w.holders[address], p)
			}
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
	found, err := w.cloud.groups(ctx, unique(ids))
	for _, g := range found {
		w.groups[g.ID] = g
	}
	return err
}

// reserved are the addresses of need, each once.
func reserved(need []platform.Attachment) []netip.Addr {
	var out []netip.Addr
	for _, at := range need {
		if address := at.IP.Addr().Unmap(); address.IsValid() && !slices.Contains(out, address) {
			out = append(out, address)
		}
	}
	return out
}
