package check

import (
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// filtering says what a pod network does with what a pod sends from an address that is not its own.
type filtering int

const (
	filterUnknown filtering = iota
	// filterNone: it carries it to the pod that it is for.
	filterNone
	// filterSource: it should drop it. Nobody has tried that with a router.
	filterSource
)

// filteringOf is what is known of the pod network of that name, as nodes, Multus and OpenShift call it.
func filteringOf(network string) filtering {
	switch strings.ToLower(network) {
	case "bridge", "flannel", "cbr0":
		return filterNone
	case "ovnkubernetes", "ovn-kubernetes", "calico", "k8s-pod-network", "canal", "cilium":
		return filterSource
	}
	return filterUnknown
}

// filtering is what is known of the cluster's pod network, and the name by which it is.
func (c *state) filtering() (network string, known filtering) {
	return weigh(c.podNetworks(), filteringOf, filterSource, filterNone)
}

// inbound is EGR223, once for the cluster: routers that pass on to pods what a host of the nodes' network sends them.
func inbound(c *state) []finding.Finding {
	open := c.openInbound()
	if len(open) == 0 {
		return nil
	}
	var names []string
	for _, r := range open {
		names = append(names, finding.Printable(egress.Key(&r.EgressRouter)))
	}
	verb := "forward"
	if len(open) == 1 {
		verb = "forwards"
	}
	network, known := c.filtering()
	level, what := finding.Info, ""
	switch known {
	case filterNone:
		level, what = finding.Warning, sprintf("the pod network %s delivers it", network)
	case filterSource:
		what = sprintf("the pod network %s should drop it, since a pod may not send from a foreign address there (read, and not tried with a router)", network)
	case filterUnknown:
		what = "whether the pod network drops it is unknown"
		if seen := c.podNetworks(); len(seen) > 0 {
			what += sprintf(" (its name is %s)", finding.Listed(seen, mostNamed, ", "))
		}
	}
	return []finding.Finding{onCluster(finding.OpenInbound, level,
		sprintf("%s %s to pods what hosts of the nodes' network send: %s", finding.Listed(names, mostNamed, ", "), verb, what),
		"the CNI plugin lets net1 forward and filters nothing: a host there that sends by the reserved address reaches pods, and a NetworkPolicy for the router may not see net1"+c.answersARP(open),
		closeInbound(open))}
}

// openInbound are the routers asked for whose pods drop nothing of what begins on net1. The operator's never do.
func (c *state) openInbound() []snapshot.Router {
	return slices.DeleteFunc(c.asked(), func(r snapshot.Router) bool {
		if d := c.DeploymentOf(r); d != nil {
			return d.BlocksInbound && !c.initializing(r)
		}
		return r.Provisioner == egress.Standalone || c.PodOf(r) == nil
	})
}

// initializing reports whether a pod of r has net1 already, and init containers that have not ended: what they are to
// close is open.
func (c *state) initializing(r snapshot.Router) bool {
	return slices.ContainsFunc(c.PodsOf(r), func(pod snapshot.Pod) bool { return pod.IP != "" && strings.HasPrefix(pod.State, "Init:") })
}

// answersARP says which of open answer ARP for pods too, so that a host needs no route by them; "" where that may not be
// read.
func (c *state) answersARP(open []snapshot.Router) string {
	n := 0
	for _, r := range open {
		nad := c.NADOf(r)
		if nad == nil && !c.knows(r, nadsResource) {
			return ""
		}
		if nad == nil || !render.ClosesARP(nad.Config) {
			n++
		}
	}
	switch n {
	case 0:
		return "; ARP is answered for the reserved address alone, which hides the way and does not close it"
	case len(open):
		return "; ARP for the addresses of pods is answered too"
	}
	return sprintf("; %d of %d answer ARP for the addresses of pods too", n, len(open))
}

// closeInbound is how to close open. create needs all their flags again, which nobody but their owners knows.
func closeInbound(open []snapshot.Router) string {
	const fix = "let the nodes' network pass to the reserved addresses only what comes from their gateways"
	if slices.ContainsFunc(open, func(r snapshot.Router) bool { return r.Provisioner == egress.Standalone }) {
		return "run create for the standalone ones again with --block-inbound --route-image IMAGE beside their other flags, IMAGE one that has nft; or " + fix
	}
	return fix + "; the operator's pods take no filter of their own, which a standalone router has with --block-inbound"
}
