package check

import (
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// routing says what routes a pod network gives to its pods on eth0.
type routing int

const (
	routesUnknown routing = iota
	// routesGiven: to the other nodes' pods and to the Services, beside the default route.
	routesGiven
	// routesMissing: the default route alone.
	routesMissing
)

// routingOf is what is known of the pod network of that name, as nodes, Multus and OpenShift call it.
func routingOf(network string) routing {
	switch strings.ToLower(network) {
	case "ovnkubernetes", "ovn-kubernetes", "flannel", "cbr0": // cbr0 is the network's name in flannel's own configuration
		return routesGiven
	case "calico", "k8s-pod-network", "canal", "bridge": // k8s-pod-network is Calico's; Canal's pods have its routes too
		return routesMissing
	}
	return routesUnknown
}

// clusterRoutes is EGR213, once for the cluster.
func clusterRoutes(c *state) []finding.Finding {
	routers := c.unrouted()
	if routers == 0 {
		return nil
	}
	network, routing := c.routing()
	switch routing {
	case routesMissing:
		return []finding.Finding{c.noRoutes(network, routers)}
	case routesGiven:
		return nil
	case routesUnknown:
	}
	names := c.podNetworks()
	seen := "nothing names it"
	if len(names) > 0 {
		seen = "its name is " + finding.Listed(names, mostNamed, ", ")
	}
	fix, command := c.lookFix()
	return []finding.Finding{onCluster(finding.NoClusterRoutes, finding.Info,
		sprintf("it cannot be told whether the pod network gives pods routes of their own (%s)", seen),
		sprintf("the CNI plugin deletes eth0's default route: where that was the only one, replies to clients on other nodes leave by net1 and are lost; affects %s", finding.Count(routers, "router")),
		fix, command)}
}

// routing is what is known of the cluster's pod network, and the name by which it is.
func (c *state) routing() (network string, known routing) {
	return weigh(c.podNetworks(), routingOf, routesMissing, routesGiven)
}

// weigh is what is known of a pod network by its names. What a heavy one says counts for more than a light one: nodes of
// Canal carry flannel's annotations beside Calico's.
func weigh[T comparable](names []string, of func(string) T, heavy, light T) (network string, known T) {
	for _, name := range names {
		switch of(name) {
		case heavy:
			return name, heavy
		case light:
			network, known = name, light
		}
	}
	return network, known
}

// podNetworks are the names of the pod network: of the routers' pods, the nodes and the cluster, each once.
func (c *state) podNetworks() []string {
	var out []string
	add := func(name string) {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, pod := range c.Pods {
		add(pod.Network)
	}
	for _, node := range c.Nodes {
		add(node.CNI)
	}
	add(c.Cluster.NetworkType)
	return out
}

// unrouted is how many routers depend on the pod network's routes: all but those that have their own.
func (c *state) unrouted() int {
	n := 0
	for _, r := range c.Routers {
		if d := c.DeploymentOf(r); d == nil || len(d.Routes) == 0 {
			n++
		}
	}
	return n
}

func (c *state) noRoutes(network string, routers int) finding.Finding {
	cidrs := "each CIDR of the pod and Service networks"
	if known := slices.Concat(c.podCIDRs(), c.Cluster.ServiceCIDRs); len(known) > 0 {
		cidrs = "each of " + finding.Listed(known, mostNamed, ", ")
	}
	return onCluster(finding.NoClusterRoutes, finding.Error,
		sprintf("the pod network %s gives pods only a default route, and the cluster has %s without routes of its own", network, finding.Count(routers, "router")),
		"the CNI plugin replaces eth0's default route by one through net1, so that replies to clients on other nodes, or to all of them, leave by the reserved address and are lost: connections time out",
		sprintf("create standalone routers with --cluster-routes=auto, or let an init container with NET_ADMIN give the pod the routes, for %s: ip route add CIDR via GATEWAY dev eth0, with the gateway that eth0's default route had; or use a pod network that gives them, such as OVN-Kubernetes or flannel", cidrs))
}

// lookFix shows the routes of a router's pod on its node, since the pod's own image has no tools.
func (c *state) lookFix() (fix, command string) {
	for _, r := range c.Routers {
		if pod := c.PodOf(r); pod != nil && pod.Ready {
			return "look at the routes: there must be one by eth0 for the pod and Service networks",
				c.Caller.Kubectl(pod.Namespace, "debug", "pod/"+pod.Name, "-it", "--image=busybox", "--profile=restricted", "--", "ip", "route")
		}
	}
	return "connect to the Service of a router from a pod on another node than the router's: it must answer", ""
}
