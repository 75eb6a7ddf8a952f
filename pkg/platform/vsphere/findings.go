package vsphere

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// foldedAfter is how many names a message has before it counts the rest.
const foldedAfter = 5

// folded is the first names of a message, and the number of the rest.
func folded(names []string) string { return finding.Listed(names, foldedAfter, ", ") }

func (u *audit) add(c finding.Code, level finding.Level, object, message, why, fix string, commands ...string) {
	u.findings = append(u.findings, finding.New(c, object, message, why, fix, commands...).At(level))
}

// strayFindings are about the nodes whose machine or network could not be told, one for each router and
// cause.
func (u *audit) strayFindings() {
	for _, s := range u.strays {
		if s.unknown != nil {
			u.unreadFinding(s.Router, []unread{*s.unknown})
		}
	}
	for _, alike := range collect.Groups(u.strays, func(s stray) [2]string { return [2]string{s.Router, s.why} }) {
		u.add(finding.NoVM, finding.Error, alike[0].Router,
			fmt.Sprintf("node %s: %s", folded(collect.Map(alike, func(s stray) string { return s.Node.Name })), alike[0].why),
			"without the node's virtual machine and its network, nobody can tell whether the switch lets the router's frames through",
			"name the vCenter that runs the node with GOVC_URL (--vsphere-url); govc shows what a UUID stands for",
			collect.Map(collect.Filter(alike, func(s stray) bool { return s.Node.SystemUUID != "" }), func(s stray) string { return "govc vm.info -vm.uuid " + quoted(s.Node.SystemUUID) })...)
	}
}

// unreadFinding is what vCenter held back: unknown is never all right.
func (u *audit) unreadFinding(object string, objects []unread) {
	names := collect.Map(objects, func(o unread) string { return o.object })
	privilege := slices.MaxFunc(objects, func(a, b unread) int { return strings.Compare(a.privilege, b.privilege) }).privilege
	if privilege == "" {
		u.add(finding.HostsDiffer, finding.Error, object,
			"unknown, because vCenter has no configuration of it: "+folded(names),
			"a router could be moved there, and whether it works there cannot be told",
			"look at the state of the host in the vSphere client, and run preflight again once it is connected")
		return
	}
	u.add(finding.NoPrivilege, finding.Error, object,
		fmt.Sprintf("unknown, because reading is not allowed: %s (privilege %s)", folded(names), privilege),
		"what cannot be read may reject the router's frames",
		fmt.Sprintf("give the user of %s a role with %s on it, such as Read-only on the vCenter's root with propagation", u.users(), privilege))
}

func (u *audit) users() string {
	return strings.Join(collect.Map(u.inventories, func(inv *inventory) string { return "vCenter " + inv.vcenter.name }), ", ")
}

// groupFindings are about one network.
func (u *audit) groupFindings(g *group) {
	if g.kind == nsx {
		u.nsx(g)
		return
	}
	for _, members := range collect.Groups(g.members, member.router) {
		for _, f := range []field{forged, promiscuous, macChanges} {
			u.rejected(g, members, f)
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
	for _, silent := range []bool{false, true} {
		some := collect.Filter(g.unknown, func(o unread) bool { return (o.privilege == "") == silent })
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
		t.nodes = collect.Map(members, func(m member) string { return m.Node.Name })
	}
	t.nodes = collect.Unique(t.nodes)
	return t
}

// rejected are EGR402, 403 and 404: what is in effect and lets nothing through.
func (u *audit) rejected(g *group, members []member, f field) {
	t, w := u.tally(g, members, f), f.words()
	router := members[0].Router
	level, fix, command := finding.Error, "have it accepted", u.options.Run.On(router, "--fix", "--require="+u.options.Require)
	if f == macChanges && u.options.Require != RequireDocs {
		level, fix, command = finding.Warning, "have it accepted, if the documentation's rule is wanted", u.options.Run.On(router, "--fix", "--require="+RequireDocs)
	}
	if g.overridden() && !u.planned(g, f) {
		fix, command = "take the override of the node's port away in the vSphere client: preflight never changes a single port", ""
	}
	if len(t.no) > 0 {
		u.add(w.code, level, router,
			fmt.Sprintf("%s rejected on port group %s%s", w.withVerb, g.name, g.onHosts(t.no)),
			fmt.Sprintf("%s; affects node %s in %s", w.effect, folded(t.nodes), g.where()), fix, command)
	}
	if len(t.unknown) > 0 {
		u.add(w.code, level, router,
			fmt.Sprintf("unknown whether %s accepted on port group %s%s", w.withVerb, g.name, g.onHosts(t.unknown)),
			"vCenter gives no value: "+w.effect, "look at the port group's security policy in the vSphere client, and set it")
	}
}
