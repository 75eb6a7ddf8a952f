package render

import (
	"fmt"
	"net/netip"
	"slices"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// routesName is the name of the init container that sets routes.
const routesName = "cluster-routes"

// ParseNetwork reads an IPv4 network in CIDR notation, such as 10.128.0.0/14.
func ParseNetwork(text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return prefix, fmt.Errorf("%q is not a network: write one such as 10.128.0.0/14", text)
	case !prefix.Addr().Is4():
		return prefix, fmt.Errorf("%s is IPv6: the CNI plugin serves IPv4 alone: leave it out", prefix)
	case prefix != prefix.Masked():
		return prefix, fmt.Errorf("%s has bits behind its prefix: write it as %s", prefix, prefix.Masked())
	case !forPods(prefix):
		return prefix, fmt.Errorf("invalid network %s: write one of pods or Services, such as 10.128.0.0/14", prefix)
	}
	return prefix, nil
}

// forPods reports whether a cluster's own network may be there: not at 0.0.0.0, where all routes would end, nor
// where addresses are loopback, link-local, multicast or reserved, which the kernel would not route.
func forPods(network netip.Prefix) bool {
	for _, text := range []string{"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"} {
		if network.Overlaps(netip.MustParsePrefix(text)) {
			return false
		}
	}
	return true
}

// routeArgs are the networks that eth0 gets routes to, as that container reads them. One that would take what belongs on
// net1 is refused.
func routeArgs(r *nov1.EgressRouter, routes []netip.Prefix) ([]string, error) {
	for _, route := range routes {
		if err := refuseRoute(r, route); err != nil {
			return nil, err
		}
	}
	var args []string
	for _, route := range distinct(routes) {
		args = append(args, route.String())
	}
	return args, nil
}

// distinct are networks in order, without those that another contains: the order in which they were given
// would otherwise restart the pod.
func distinct(networks []netip.Prefix) []netip.Prefix {
	var out []netip.Prefix
	for _, n := range slices.SortedFunc(slices.Values(networks), netip.Prefix.Compare) {
		if last := len(out) - 1; last < 0 || !out[last].Overlaps(n) {
			out = append(out, n)
		}
	}
	return out
}

// ReadRoutes reads back the networks that routeArgs names, whatever else may be among the
// arguments of a container of its name.
func ReadRoutes(pod *corev1.PodSpec) []string {
	var out []string
	for _, c := range pod.InitContainers {
		if c.Name != routesName {
			continue
		}
		for _, arg := range c.Args {
			if network, err := ParseNetwork(arg); err == nil {
				out = append(out, network.String())
			}
		}
	}
	return out
}

// refuseRoute says what of the router's own traffic a route on eth0 would take, or nil.
func refuseRoute(r *nov1.EgressRouter, route netip.Prefix) error {
	const advice = "name the pod and Service networks alone"
	if subnet, err := netip.ParsePrefix(egress.Address(r).IP); err == nil && subnet.Overlaps(route) {
		return fmt.Errorf("--cluster-routes %s overlaps %s, the router's own subnet on %s: %s", route, subnet.Masked(), egress.Interface, advice)
	}
	if gateway, err := netip.ParseAddr(egress.Address(r).Gateway); err == nil && route.Contains(gateway) {
		return fmt.Errorf("--cluster-routes %s contains %s, the router's gateway on %s: %s", route, gateway, egress.Interface, advice)
	}
	var destinations []string
	for _, rule := range egress.Rules(r) {
		destinations = append(destinations, rule.DestinationIP)
	}
	for _, text := range append(destinations, egress.Fallback(r)) {
		if ip, err := netip.ParseAddr(text); err == nil && route.Contains(ip) {
			return fmt.Errorf("--cluster-routes %s contains destination %s: what is sent there would leave by eth0, and not from the reserved address: %s", route, ip, advice)
		}
	}
	return nil
}
