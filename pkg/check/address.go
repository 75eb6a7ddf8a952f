package check

import (
	"fmt"
	"net/netip"
	"strings"

	"go4.org/netipx"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// degrades is what the operator does with an address or a gateway that it cannot render.
const degrades = "the operator cannot render it: ClusterOperator/network turns Degraded (" + complainsWhen + "), and stays so even after the router is deleted"

// renders is what follows, for r, from an address or a gateway that cannot be parsed.
func renders(r snapshot.Router) string {
	if r.Provisioner == egress.Standalone {
		return "the CNI plugin fails on it, and the pod never starts"
	}
	return degrades
}

// address is EGR101, 102 and 116.
func address(r snapshot.Router) []finding.Finding {
	ip := egress.Address(&r.EgressRouter).IP
	if ip == "" {
		return one(r, finding.NoAddress, "there is no address to send from", renders(r),
			"give the reserved address with its prefix length, such as --address 192.168.12.99/24")
	}
	prefix, err := netip.ParsePrefix(ip)
	if err != nil {
		return notPrefix(r, ip)
	}
	if kind := unusable(prefix); kind != "" {
		return one(r, finding.UnusableAddress,
			sprintf("address %s is %s", ip, kind),
			"no pod can own such an address, so nothing comes back to it",
			sprintf("take a free host address of the nodes' network%s", hostsOf(prefix)))
	}
	return nil
}

func notPrefix(r snapshot.Router, ip string) []finding.Finding {
	if addr, err := netip.ParseAddr(ip); err == nil && addr.Zone() == "" {
		length := 24
		if addr.Is6() {
			length = 64
		}
		return one(r, finding.NoPrefix,
			sprintf("address %s has no prefix length", ip), renders(r),
			sprintf("write it as %s/%d, with the prefix length of the nodes' network", ip, length))
	}
	return one(r, finding.NoPrefix,
		sprintf("address %q is not an IP address with a prefix length", ip), renders(r),
		"write it as IP/PREFIX, such as 192.168.12.99/24")
}

// unusable says what keeps prefix's address from being a host's, or "".
func unusable(prefix netip.Prefix) string {
	addr := prefix.Addr()
	switch {
	case addr.IsUnspecified():
		return "the unspecified address"
	case addr.IsLoopback():
		return "a loopback address"
	case addr.IsMulticast():
		return "a multicast address"
	case addr.IsLinkLocalUnicast():
		return "a link-local address"
	case addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "the limited broadcast address"
	case endOf(prefix, addr) != "":
		return sprintf("the %s address of %s", endOf(prefix, addr), prefix.Masked())
	}
	return ""
}

// hasEnds reports whether prefix has a network and a broadcast address: an IPv4 subnet larger than a /31.
func hasEnds(prefix netip.Prefix) bool {
	return prefix.Addr().Is4() && prefix.Bits() < 31
}

// endOf says which end of prefix addr is, network or broadcast, or "".
func endOf(prefix netip.Prefix, addr netip.Addr) string {
	switch {
	case hasEnds(prefix) && addr == prefix.Masked().Addr():
		return "network"
	case hasEnds(prefix) && addr == netipx.PrefixLastIP(prefix):
		return "broadcast"
	}
	return ""
}

// hostsOf names the host addresses of prefix, for a fix, where it has some.
func hostsOf(prefix netip.Prefix) string {
	if !hasEnds(prefix) || prefix.Bits() == 0 {
		return ""
	}
	first, last := prefix.Masked().Addr().Next(), netipx.PrefixLastIP(prefix).Prev()
	if unusable(netip.PrefixFrom(first, prefix.Bits())) != "" || unusable(netip.PrefixFrom(last, prefix.Bits())) != "" {
		return ""
	}
	return sprintf(": %s to %s", first, last)
}

// gatewayOf is what a fix writes of a gateway for prefix: its first host address that is not its own. Where
// there is none, the prefix length cannot be that of the nodes' network.
func gatewayOf(prefix netip.Prefix) string {
	addr := prefix.Masked().Addr()
	if prefix.Bits() < addr.BitLen()-1 {
		addr = addr.Next()
	}
	if addr == prefix.Addr() {
		addr = addr.Next()
	}
	if !prefix.Contains(addr) {
		return ", and the prefix length that the network really has in --address"
	}
	return sprintf(", such as --gateway %s", addr)
}

// gateway is EGR103 and 104. Both are silent where the address itself is not readable (EGR101, 116),
// and 104 where a family does not fit (EGR106).
func gateway(r snapshot.Router) []finding.Finding {
	a := egress.Address(&r.EgressRouter)
	prefix, err := netip.ParsePrefix(a.IP)
	if err != nil {
		return nil
	}
	if a.Gateway == "" {
		return one(r, finding.NoGateway, "there is no gateway", renders(r),
			sprintf("give the router of the network %s%s", prefix.Masked(), gatewayOf(prefix)))
	}
	gw, err := netip.ParseAddr(a.Gateway)
	if err != nil || gw.Zone() != "" {
		return one(r, finding.NoGateway,
			sprintf("gateway %q is not an IP address", a.Gateway), renders(r),
			"give the IP address alone, without a prefix length or a name"+gatewayOf(prefix))
	}
	if !gw.Is4() || !prefix.Addr().Is4() {
		return nil
	}
	return gatewayPlace(r, prefix, gw)
}

func gatewayPlace(r snapshot.Router, prefix netip.Prefix, gw netip.Addr) []finding.Finding {
	message := ""
	switch {
	case gw == prefix.Addr():
		message = sprintf("gateway %s is the router's own address", gw)
	case !prefix.Contains(gw):
		message = sprintf("gateway %s is outside the subnet %s of the address", gw, prefix.Masked())
	case endOf(prefix, gw) != "":
		message = sprintf("gateway %s is the %s address of %s", gw, endOf(prefix, gw), prefix.Masked())
	default:
		return nil
	}
	return one(r, finding.GatewayElsewhere, message,
		"the CNI plugin cannot set the route by it: the pod hangs in ContainerCreating with an error that names nothing",
		"give the address of the network's router as --gateway, or the prefix length that the network really has in --address")
}

// ipv6 is EGR106.
func ipv6(r snapshot.Router) []finding.Finding {
	a := egress.Address(&r.EgressRouter)
	var found []string
	if isIPv6(a.IP) {
		found = append(found, "address "+a.IP)
	}
	if isIPv6(a.Gateway) {
		found = append(found, "gateway "+a.Gateway)
	}
	if len(found) == 0 {
		return nil
	}
	is := " is IPv6"
	if len(found) == 2 {
		is = " are IPv6"
	}
	return one(r, finding.IPv6,
		strings.Join(found, " and ")+is,
		"the CNI plugin fails on every IPv6 address: it writes a sysctl that no kernel has, and the pod hangs in ContainerCreating",
		"use an IPv4 address and gateway")
}

// isIPv6 reports whether s, with or without a prefix length, is an IPv6 address.
func isIPv6(s string) bool {
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return prefix.Addr().Is6()
	}
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6()
}
