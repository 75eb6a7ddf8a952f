package check

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Matrix answers, for routers and the nodes that they could be scheduled to, what happens when a node is lost.
type Matrix struct {
	// Rows are ordered by router, then node.
	Rows []Row
	// nowhere are the routers whose pod no node can take.
	nowhere []string
}

// Row is one router on one node.
type Row struct {
	Router string `json:"router"`
	Node   string `json:"node"`
	// Active tells that a pod of the router is there now.
	Active bool `json:"active,omitempty"`
	// Works reports whether the router would work there.
	Works platform.Answer `json:"works"`
	// Why is what keeps it from that, or what is not known; empty where it works.
	Why []string `json:"why,omitempty"`
	// Allowed is the platform's answer alone; "" where none was asked.
	Allowed platform.Answer `json:"allowed,omitempty"`
}

// readiness is the Matrix of the routers asked for, as far as the cluster itself tells. Routers whose address cannot be
// used have no rows: the spec checks speak of them; nor has any where the nodes could not be read.
func (c *state) readiness() Matrix {
	var m Matrix
	for _, r := range c.asked() {
		prefix, err := netip.ParsePrefix(egress.Address(&r.EgressRouter).IP)
		if err != nil || !prefix.Addr().Is4() || !c.Knows(nodesResource) {
			continue
		}
		here, nodes := c.standsOn(r, prefix.Addr()), c.NodesFor(r)
		if len(nodes) == 0 {
			m.nowhere = append(m.nowhere, egress.Key(&r.EgressRouter))
		}
		for _, node := range nodes {
			row := Row{Router: egress.Key(&r.EgressRouter), Node: node.Name, Active: here[node.Name], Works: platform.Yes}
			row.hold(serves(node))
			row.hold(reaches(node, r, prefix))
			m.Rows = append(m.Rows, row)
		}
	}
	return m
}

// standsOn are the nodes of the pod that counts for r, and of each other that has its address (EGR214).
func (c *state) standsOn(r snapshot.Router, reserved netip.Addr) map[string]bool {
	out := map[string]bool{}
	if pod := c.PodOf(r); pod != nil {
		out[pod.Node] = true
	}
	for _, pod := range c.AllPodsOf(r) {
		if c.holds(pod) && ipOf(pod) == reserved {
			out[pod.Node] = true
		}
	}
	return out
}

// failing is m with the nodes on which a router's own pod fails, or has yet to start: whatever else is right with such a
// node, the router does not work there.
func (m Matrix) failing(progress map[routerKey]Progress) Matrix {
	by := map[string]Progress{}
	for key, p := range progress {
		if p.node != "" {
			by[key.key] = p
		}
	}
	for i := range m.Rows {
		if p, ok := by[m.Rows[i].Router]; ok && p.node == m.Rows[i].Node {
			m.Rows[i].hold(p.works, p.failure)
		}
	}
	return m
}

// hold lowers the row's answer to answer, with its reason.
func (r *Row) hold(answer platform.Answer, why string) {
	if answer == platform.Yes {
		return
	}
	if r.Works != platform.No {
		r.Works = answer
	}
	r.Why = append(r.Why, why)
}

// serves says whether node runs pods that speak IPv4.
func serves(node snapshot.Node) (platform.Answer, string) {
	if !node.Ready {
		return platform.No, "it is not Ready: " + node.NotReady
	}
	if len(node.Addresses) > 0 && !slices.ContainsFunc(node.Addresses, isIPv4) {
		return platform.No, "it has no IPv4 address"
	}
	return platform.Yes, ""
}

func isIPv4(text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && addr.Is4()
}

// reaches says whether node is in the subnet of the reserved address. What the cluster knows of a node
// are the networks that its CNI names, and its own addresses; a master chosen by hand may be in any.
func reaches(node snapshot.Node, r snapshot.Router, reserved netip.Prefix) (platform.Answer, string) {
	var known []string
	for _, text := range node.CIDRs {
		cidr, err := netip.ParsePrefix(text)
		if err != nil || !cidr.Addr().Is4() {
			continue
		}
		if cidr.Masked().Contains(reserved.Addr()) {
			return platform.Yes, ""
		}
		known = append(known, cidr.Masked().String())
	}
	for _, text := range node.Addresses {
		if addr, err := netip.ParseAddr(text); err == nil && reserved.Masked().Contains(addr) {
			return platform.Yes, ""
		}
	}
	switch master := r.Spec.NetworkInterface.Macvlan.Master; {
	case r.Provisioner == egress.Standalone && master != "":
		return platform.Unknown, sprintf("which subnet its interface %s is in is not known", master)
	case len(known) > 0:
		return platform.No, sprintf("it is in %s, not in %s", strings.Join(known, ", "), reserved.Masked())
	default:
		return platform.Unknown, sprintf("its addresses (%s) are not in %s, and nothing says which subnets it is in",
			cmp.Or(strings.Join(node.Addresses, ", "), "none known"), reserved.Masked())
	}
}

// With is m with what a platform says of its rows. A row that it says nothing of is as it was.
func (m Matrix) With(permissions []platform.Permission) Matrix {
	type place struct{ router, node string }
	by := make(map[place]platform.Permission, len(permissions))
	for _, p := range permissions {
		by[place{p.Router, p.Node}] = p
	}
	out := Matrix{Rows: slices.Clone(m.Rows), nowhere: m.nowhere}
	for i := range out.Rows {
		row := &out.Rows[i]
		p, ok := by[place{row.Router, row.Node}]
		if !ok {
			continue
		}
		row.Allowed, row.Why = p.Allowed, slices.Clone(row.Why)
		row.hold(p.Allowed, p.Why)
	}
	return out
}

// notReady is EGR207: an error for a router that surely works on no node, a warning for one that does not work, or of
// which it is not known, on some.
func (c *state) notReady(m Matrix) []finding.Finding {
	var out []finding.Finding
	for _, router := range m.nowhere {
		out = append(out, onRouter(router, finding.Error, "no node can take its pod",
			"every node is cordoned, or its labels and taints do not fit the pod's node selector, affinity and tolerations",
			"compare the labels of the nodes with the node selector of the router's Deployment", c.Caller.Kubectl("", "get", "nodes", "--show-labels")))
	}
	for start := 0; start < len(m.Rows); {
		end := start
		for end < len(m.Rows) && m.Rows[end].Router == m.Rows[start].Router {
			end++
		}
		out = append(out, notReadyOn(m.Rows[start:end])...)
		start = end
	}
	return out
}

// onRouter is EGR207 on a router, by its key.
func onRouter(router string, level finding.Level, message, why, fix string, commands ...string) finding.Finding {
	return finding.New(finding.NodeReadiness, router, message, why, fix, commands...).At(level)
}

// worksOn says on how many nodes a router works. What is not known is not counted as a no.
func worksOn(works, unknown, all int) string {
	const scheduled = "nodes that its pod could be scheduled to"
	switch unknown {
	case 0:
		return sprintf("works on %d of the %d %s", works, all, scheduled)
	case all:
		return sprintf("whether it works on the %d %s is not known", all, scheduled)
	}
	return sprintf("works on %d of the %d %s; of %d it is not known", works, all, scheduled, unknown)
}

// notReadyOn is EGR207 of one router.
func notReadyOn(rows []Row) []finding.Finding {
	var bad []string
	unknown := 0
	for _, row := range rows {
		if row.Works != platform.Yes {
			bad = append(bad, sprintf("%s: %s", row.Node, strings.Join(row.Why, "; ")))
		}
		if row.Works != platform.Yes && row.Works != platform.No {
			unknown++
		}
	}
	if len(bad) == 0 {
		return nil
	}
	message := worksOn(len(rows)-len(bad), unknown, len(rows))
	if surelyNot := !slices.ContainsFunc(rows, func(r Row) bool { return r.Works != platform.No }); surelyNot {
		return []finding.Finding{onRouter(rows[0].Router, finding.Error, message,
			"there is no node from which its traffic would get out: "+finding.Listed(bad, shown, "; "),
			"fix a node, or take an address of a network that the nodes are in")}
	}
	return []finding.Finding{onRouter(rows[0].Router, finding.Warning, message,
		"when its node is lost, the pod may come back on one where the router does not work, or may not: "+finding.Listed(bad, shown, "; "),
		"fix these nodes, or keep the pod from them with a node selector")}
}

// shown is how many nodes a finding names.
const shown = 5
