package check

import (
	"net/netip"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// destination is one place where a router sends traffic, and what sends it there.
type destination struct{ from, ip string }

// destinationsOf lists where r sends traffic: its rules in order, then the fallback IP.
func destinationsOf(r snapshot.Router) []destination {
	var out []destination
	for i, rule := range egress.Rules(&r.EgressRouter) {
		out = append(out, destination{sprintf("rule %d (%s): destination", i+1, egress.PortOf(rule)), rule.DestinationIP})
	}
	if ip := egress.Fallback(&r.EgressRouter); ip != "" {
		out = append(out, destination{"fallback IP", ip})
	}
	return out
}

// destinations is EGR107.
func destinations(r snapshot.Router) []finding.Finding {
	v4, own := !isIPv6(egress.Address(&r.EgressRouter).IP), egress.ReservedIP(&r.EgressRouter)
	var out []finding.Finding
	for _, d := range destinationsOf(r) {
		problem := badDestination(d.ip, v4)
		if problem == "" && own.IsValid() && d.ip == own.String() {
			problem = "is the router's own address, where nothing listens"
		}
		if problem != "" {
			out = append(out, about(r, finding.BadDestination,
				sprintf("%s %q %s", d.from, d.ip, problem), destinationWhy, destinationFix(d.ip)))
		}
	}
	return out
}

const destinationWhy = "the CNI plugin turns each destination into one nftables rule that can only name one IPv4 address: on anything else it fails and the pod never starts, or the traffic is lost"

// badDestination says what is wrong with s as a destination, or "". v4 tells that the router is IPv4;
// one that is not has EGR106 already.
func badDestination(s string, v4 bool) string {
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		if _, err := netip.ParsePrefix(s); err == nil {
			return "is a network, not one IP address"
		}
		if s != strings.TrimSpace(s) {
			return "has a space around it"
		}
		return "is not an IP address"
	}
	switch {
	case addr.IsUnspecified():
		return "is the unspecified address"
	case addr.IsLoopback():
		return "is a loopback address"
	case addr.IsMulticast():
		return "is a multicast address"
	case addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "is the broadcast address"
	case v4 && addr.Is6():
		return "is IPv6, and the router is IPv4"
	}
	return ""
}

// destinationFix suggests what s may have meant.
func destinationFix(s string) string {
	if prefix, err := netip.ParsePrefix(strings.TrimSpace(s)); err == nil && prefix.Addr().Is4() {
		if prefix.IsSingleIP() || prefix.Addr() != prefix.Masked().Addr() {
			return "write " + prefix.Addr().String() + " without the prefix length; several hosts need a port each"
		}
		return "write one rule for each host of " + prefix.String() + ", each with a port of its own"
	}
	if _, err := netip.ParseAddr(strings.TrimSpace(s)); err != nil {
		return "resolve the name and write the IPv4 address that the partner gives you, such as 203.0.113.26"
	}
	return "write the IPv4 address of the partner's host, such as 203.0.113.26"
}

// duplicateRules is EGR108, one finding for each rule that another comes before.
func duplicateRules(r snapshot.Router) []finding.Finding {
	first := map[egress.Port]int{}
	var out []finding.Finding
	rules := egress.Rules(&r.EgressRouter)
	for i, rule := range rules {
		port := egress.PortOf(rule)
		before, taken := first[port]
		if !taken {
			first[port] = i
			continue
		}
		out = append(out, about(r, finding.DuplicateRule,
			sprintf("rules %d (%s) and %d (%s) redirect the same port", before+1, egress.FormatRule(rules[before]), i+1, egress.FormatRule(rule)),
			"rules are tried in order: the first takes all the traffic of "+port.String()+", and the other never sees any",
			"remove one of the two, or give it a port of its own"))
	}
	return out
}
