package vsphere

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

func (u *audit) add(c finding.Code, level finding.Level, object, message, why, fix string) {
	u.findings = append(u.findings, finding.New(c, object, message, why, fix).At(level))
}

// strayFindings are about the nodes whose machine or network could not be told, one for each router and
// cause.
func (u *audit) strayFindings() {
	type key struct{ router, why string }
	nodes := map[key][]string{}
	var order []key
	for _, s := range u.strays {
		k := key{s.Router, s.why}
		if nodes[k] == nil {
			order = append(order, k)
		}
		nodes[k] = append(nodes[k], s.Node.Name)
		if s.unknown != nil {
			u.unreadFinding(s.Router, []unread{*s.unknown})
		}
	}
	for _, k := range order {
		u.add(finding.NoVM, finding.Error, k.router,
			fmt.Sprintf("node %s: %s", finding.Listed(nodes[k], foldedAfter, ", "), k.why),
			"without the node's virtual machine and its network, nobody can tell whether the switch lets the router's frames through",
			"name the vCenter that runs the node with GOVC_URL (--vsphere-url); govc vm.info -vm.uuid UUID shows what a UUID stands for")
	}
}

// unreadFinding is what vCenter held back: unknown is never all right.
func (u *audit) unreadFinding(object string, objects []unread) {
	var names []string
	privilege := ""
	for _, o := range objects {
		names = append(names, o.object)
		privilege = max(privilege, o.privilege)
	}
	if privilege == "" {
		u.add(finding.HostsDiffer, finding.Error, object,
			"unknown, because vCenter has no configuration of it: "+finding.Listed(names, foldedAfter, ", "),
			"a router could be moved there, and whether it works there cannot be told",
			"look at the state of the host in the vSphere client, and run preflight again once it is connected")
		return
	}
	u.add(finding.NoPrivilege, finding.Error, object,
		fmt.Sprintf("unknown, because reading is not allowed: %s (privilege %s)", finding.Listed(names, foldedAfter, ", "), privilege),
		"what cannot be read may reject the router's frames",
		fmt.Sprintf("give the user of %s a role with %s on it, such as Read-only on the vCenter's root with propagation", u.users(), privilege))
}

func (u *audit) users() string {
	var out []string
	for _, inv := range u.inventories {
		out = append(out, "vCenter "+inv.vcenter.name)
	}
	return strings.Join(out, ", ")
}

// groupFindings are about one network.
func (u *audit) groupFindings(g *group) {
	if g.kind == nsx {
		u.nsx(g)
		return
	}
	byRouter := g.byRouter()
	for _, r := range g.routers() {
		for _, f := range []field{forged, promiscuous, macChanges} {
			u.rejected(g, r, byRouter[r], f)
		}
	}
	u.unread(g)
	u.disagreement(g)
	u.learning(g)
	u.differing(g)
	u.sharing(g)
	u.duplicates(g)
	u.hardening(g)
}

// unread tells what vCenter refused from what it does not have.
func (u *audit) unread(g *group) {
	var held, silent []unread
	for _, o := range g.unknown {
		if o.privilege == "" {
			silent = append(silent, o)
		} else {
			held = append(held, o)
		}
	}
	for _, some := range [][]unread{held, silent} {
		if len(some) > 0 {
			u.unreadFinding(g.label(), some)
		}
	}
}

func (u *audit) nsx(g *group) {
	for _, r := range g.routers() {
		u.add(finding.NSX, finding.Error, r,
			fmt.Sprintf("the nodes are on %s, an NSX network: whether it lets net1's MAC through is unknown here", g.name),
			"NSX keeps its own profiles on a segment's ports: vCenter neither shows nor changes them",
			"ask NSX's administrator for a MAC discovery profile on the segment with MAC learning on (its default limit is 4096 MACs, aged after 600 s), and for a SpoofGuard profile that allows the router's address; then ignore this with --ignore="+string(finding.NSX))
	}
}

// counts reports whether a setting is required, and so an error where it is rejected.
func (o Options) counts(f field) bool { return f != macChanges || o.Require == RequireDocs }

// tally is where a setting is rejected or unknown for a router, by place and by node.
type tally struct{ no, unknown, nodes []string }

// tally counts what is in effect for f. Where no port overrides its group, one member stands for all.
func (u *audit) tally(g *group, members []member, f field) tally {
	var t tally
	for _, p := range g.places {
		var no, unknown bool
		for _, m := range g.witnesses(members) {
			effective := g.policyFor(p, m.vm)
			if f == promiscuous && u.options.Require == RequireMinimal && effective.accepts(learning) {
				continue
			}
			unknown = unknown || effective[f] == nil
			if effective[f] != nil && !*effective[f] {
				no = true
				t.nodes = append(t.nodes, m.Node.Name)
			}
		}
		switch {
		case no:
			t.no = append(t.no, p.name())
		case unknown:
			t.unknown = append(t.unknown, p.name())
		}
	}
	if !g.overridden() {
		t.nodes = nil
		for _, m := range members {
			t.nodes = append(t.nodes, m.Node.Name)
		}
	}
	slices.Sort(t.nodes)
	t.nodes = slices.Compact(t.nodes)
	return t
}

// rejected are EGR402, 403 and 404: what is in effect and lets nothing through.
func (u *audit) rejected(g *group, router string, members []member, f field) {
	t, w := u.tally(g, members, f), f.words()
	level := finding.Error
	if !u.options.counts(f) {
		level = finding.Warning
	}
	fix := fmt.Sprintf("%s preflight vsphere --fix --require=%s", u.options.Command, u.options.Require)
	if f == macChanges && level == finding.Warning {
		fix = u.options.Command.String() + " preflight vsphere --fix --require=docs, if the documentation's rule is wanted"
	}
	if g.overridden() && !u.planned(g, f) {
		fix = "take the override of the node's port away in the vSphere client: preflight never changes a single port"
	}
	if len(t.no) > 0 {
		u.add(w.code, level, router,
			fmt.Sprintf("%s rejected on port group %s%s", w.is, g.name, g.onHosts(t.no)),
			fmt.Sprintf("%s; it concerns node %s in %s", w.why, finding.Listed(t.nodes, foldedAfter, ", "), g.where()), fix)
	}
	if len(t.unknown) > 0 {
		u.add(w.code, level, router,
			fmt.Sprintf("unknown whether %s accepted on port group %s%s", w.is, g.name, g.onHosts(t.unknown)),
			"vCenter gives no value: "+w.why, "look at the port group's security policy in the vSphere client, and set it")
	}
}
