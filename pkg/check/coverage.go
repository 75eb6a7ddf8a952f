package check

import (
	"net/netip"
	"strings"

	"go4.org/netipx"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// uncovered is EGR213 on a router whose own routes leave out a part of the pod network, where that gives its
// pods none. Replies go to pods alone: routes to the Services are not needed for them.
func uncovered(c *state, r snapshot.Router) []finding.Finding {
	d := c.DeploymentOf(r)
	if d == nil || len(d.Routes) == 0 {
		return nil
	}
	network, routing := c.routing()
	missing, fix, command := c.leftOut(r, prefixes(d.Routes))
	if len(missing) == 0 || routing == routesGiven {
		return nil
	}
	level, gives := finding.Error, sprintf("the pod network %s gives pods only a default route", network)
	if routing == routesUnknown {
		level, gives = finding.Info, "it cannot be told whether the pod network gives pods routes of their own"
	}
	return at(level, one(r, finding.NoClusterRoutes,
		sprintf("its pod's own routes (%s) leave out %s", finding.Listed(d.Routes, mostNamed, ", "), finding.Listed(missing, mostNamed, ", ")),
		gives+", and the CNI plugin replaces that by one through net1: replies to clients in what is left out leave by the reserved address and are lost", fix, command))
}

// leftOut is what of the pod network has no route, and how to give it one. Where a pod of r has an address
// outside what the cluster writes of its pod network, as under an address management of the CNI's own, that
// address counts alone.
func (c *state) leftOut(r snapshot.Router, routes []netip.Prefix) (missing []string, fix, command string) {
	known := prefixes(c.podCIDRs())
	for _, pod := range c.PodsOf(r) {
		ip, err := netip.ParseAddr(pod.PodIP)
		if err != nil || !ip.Is4() || covered(netip.PrefixFrom(ip, 32), known) {
			continue
		}
		if !covered(netip.PrefixFrom(ip, 32), routes) {
			missing = append(missing, sprintf("%s, the address of pod %s", ip, pod.Name))
		}
		known = nil
	}
	for _, network := range known {
		if !covered(network, routes) {
			missing = append(missing, network.String())
		}
	}
	if known == nil {
		return missing, "create it again and name in --cluster-routes the network that pods have their addresses from, which the cluster does not tell; Calico's are its IP pools",
			c.Caller.Kubectl("", "get", "ippools.crd.projectcalico.org")
	}
	return missing, "create it again with the whole pod network: --cluster-routes=auto, or --cluster-routes=CIDR,... where the nodes come and go", ""
}

// covered reports whether all of network is in one of routes, or in several together.
func covered(network netip.Prefix, routes []netip.Prefix) bool {
	var all netipx.IPSetBuilder
	for _, route := range routes {
		all.AddPrefix(route)
	}
	set, err := all.IPSet()
	return err == nil && set.ContainsPrefix(network)
}

// prefixes are the IPv4 networks among texts.
func prefixes(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		if p, err := netip.ParsePrefix(strings.TrimSpace(text)); err == nil && p.Addr().Is4() {
			out = append(out, p.Masked())
		}
	}
	return out
}
