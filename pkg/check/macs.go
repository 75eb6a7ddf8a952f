package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// SharedMAC says why r, which is about to be applied, cannot have mac: a NAD that is not its own gives it to pods. nil
// where none does.
func SharedMAC(r snapshot.Router, mac string, nads []snapshot.NAD) error {
	for _, nad := range nads {
		own := nad.Namespace == r.Namespace && nad.Name == r.Provisioner.NADName(r.Name)
		if has, err := egress.ParseMAC(render.ReadMAC(nad.Config)); err != nil || has != mac || own {
			continue
		}
		return fmt.Errorf("--mac %s is the MAC of NAD %s in namespace %s too, and frames for either pod would reach one of them: leave it out, and the router gets its own",
			mac, nad.Name, nad.Namespace)
	}
	return nil
}

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
