package check

import (
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// holding is an address, or a range, and who holds it.
type holding struct {
	netipx.IPRange
	text, by string
	// router is the key of the router that the holder belongs to, or "".
	router string
}

// String names the holder, with the range where it is more than an address.
func (h holding) String() string {
	if h.From() == h.To() {
		return h.by
	}
	return sprintf("%s (%s)", h.by, h.text)
}

// held reads an address, a CIDR or a range written with a hyphen. A CIDR with host bits is an address with
// the prefix length of its network.
func held(text, by string) (holding, bool) {
	from, to, isRange := strings.Cut(text, "-")
	if prefix, err := netip.ParsePrefix(text); err == nil {
		if prefix == prefix.Masked() {
			return holding{netipx.RangeOfPrefix(prefix), text, by, ""}, true
		}
		from = prefix.Addr().String()
	}
	if !isRange {
		to = from
	}
	first, err := netip.ParseAddr(strings.TrimSpace(from))
	last, err2 := netip.ParseAddr(strings.TrimSpace(to))
	return holding{netipx.IPRangeFrom(first.Unmap(), last.Unmap()), text, by, ""}, err == nil && err2 == nil
}

// taken is EGR205, one finding for each router, with all who hold its address. What two routers ask for is
// EGR114's.
func taken(c *state) []finding.Finding {
	all := c.holdings()
	byAddress := map[netip.Addr][]string{}
	for _, r := range c.Routers {
		if ip := egress.ReservedIP(&r.EgressRouter); ip.IsValid() {
			byAddress[ip] = append(byAddress[ip], egress.Key(&r.EgressRouter))
		}
	}
	var out []finding.Finding
	for _, r := range c.Routers {
		ip := egress.ReservedIP(&r.EgressRouter)
		if !ip.IsValid() {
			continue
		}
		var by []string
		seen := map[string]bool{}
		for _, h := range all {
			if !h.Contains(ip) || seen[h.by] || h.router != "" && slices.Contains(byAddress[ip], h.router) {
				continue
			}
			seen[h.by] = true
			by = append(by, h.String())
		}
		if len(by) > 0 {
			c.surelyTaken[keyOf(r)] = slices.ContainsFunc(by, func(by string) bool { return !writtenByTenants(by) })
			out = append(out, about(r, finding.AddressTaken,
				sprintf("address %s is also held by %s", ip, strings.Join(by, ", ")),
				"two that answer for one address take each other's replies: whichever spoke last gets them, and nothing detects it",
				"reserve an address that nothing else uses, and give it with --address"))
		}
	}
	return out
}

// writtenByTenants reports whether a holder is an object that users of a namespace write: what such an object says may be forged.
func writtenByTenants(by string) bool {
	return strings.HasPrefix(by, "NAD ") || strings.HasPrefix(by, "pod ") || strings.Contains(by, " of Service ")
}

// holdings are all the addresses that others than routers' specs hold.
func (c *state) holdings() []holding {
	var out []holding
	add := func(text, by, router string) {
		if h, ok := held(text, by); ok {
			h.router = router
			out = append(out, h)
		}
	}
	for _, node := range c.Nodes {
		for _, text := range slices.Concat(node.Addresses, node.CIDRs) {
			text, _, _ = strings.Cut(text, "/") // an address of the node's, not the whole of its network
			add(text, "node "+node.Name, "")
		}
	}
	for _, claim := range c.Claims {
		add(claim.Address, claim.By, "")
	}
	for _, cidr := range c.podCIDRs() {
		add(cidr, "the pod network", "")
	}
	for _, cidr := range c.Cluster.ServiceCIDRs {
		add(cidr, "the Service network", "")
	}
	routers := c.routersByNAD()
	for _, nad := range c.NADs {
		for _, text := range addressesOf(nad) {
			add(text, "NAD "+nad.Namespace+"/"+nad.Name, routers[nad.Namespace+"/"+nad.Name])
		}
	}
	return append(out, c.strayPods()...)
}

// podCIDRs are the pods' networks: the cluster's, or where nothing names those, the nodes'.
func (c *state) podCIDRs() []string {
	if len(c.Cluster.PodCIDRs) > 0 {
		return c.Cluster.PodCIDRs
	}
	var out []string
	for _, node := range c.Nodes {
		out = append(out, node.PodCIDRs...)
	}
	return out
}

// addressesOf are the addresses that nad gives to pods: of an egress router's only the first.
func addressesOf(nad snapshot.NAD) []string {
	if nad.Config == "" {
		return nad.Addresses
	}
	network, err := render.ReadNetwork(nad.Config)
	if err != nil || len(network.Addresses) == 0 {
		return nil
	}
	text, _, _ := strings.Cut(network.Addresses[0], "/")
	return []string{text}
}

// routersByNAD is the router, by its key, that each NAD serves.
func (c *state) routersByNAD() map[string]string {
	out := map[string]string{}
	for _, r := range c.Routers {
		key := r.Namespace + "/" + r.Provisioner.NADName(r.Name)
		if nad := c.NADOf(r); out[key] == "" || nad != nil && nad.Router == r.Name {
			out[key] = egress.Key(&r.EgressRouter)
		}
	}
	return out
}

// strayPods are the pods whose net1 has another address than their router's.
func (c *state) strayPods() []holding {
	var out []holding
	for _, r := range c.Routers {
		if c.shares(r) {
			continue
		}
		reserved := egress.ReservedIP(&r.EgressRouter)
		for _, pod := range c.PodsOf(r) {
			if ip := ipOf(pod); ip.IsValid() && ip != reserved {
				out = append(out, holding{IPRange: netipx.IPRangeFrom(ip, ip), text: pod.IP, by: "pod " + pod.Namespace + "/" + pod.Name})
			}
		}
	}
	return out
}
