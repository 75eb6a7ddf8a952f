package check

import (
	"maps"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// manyMACs is EGR206, once for each node with more routers' pods than its NIC may filter. A macvlan of
// another's pod is not seen.
func manyMACs(c *state) []finding.Finding {
	on := map[string]int{}
	for _, pod := range c.Pods {
		if pod.Node != "" && !ended(pod) {
			on[pod.Node]++
		}
	}
	var out []finding.Finding
	for _, node := range slices.Sorted(maps.Keys(on)) {
		if on[node] <= c.MaxMACs {
			continue
		}
		out = append(out, onCluster(finding.ManyMACs, finding.Warning,
			sprintf("node %s holds %d routers' pods, and --max-macs-per-node is %d", node, on[node], c.MaxMACs),
			"each has a MAC of its own on the node's NIC; once the NIC's filter is full it takes every frame of the network, and the node's CPU sorts them out",
			"spread the routers with --node-selector, or give --max-macs-per-node what the NIC can filter; get shows where they are",
			c.Caller.Egress("", "get", "-A", "-o", "wide")))
	}
	return out
}
