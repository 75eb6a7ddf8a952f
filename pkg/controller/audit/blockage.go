package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// shownNodes is how many nodes are named for each cause.
const shownNodes = 5

// blockage is where a platform does not let a router's frames through, by cause, in the order of the Plan.
type blockage struct{ rejects, unknown []cause }

// cause is why frames do not pass, and from which nodes.
type cause struct {
	why   string
	nodes []string
}

// blockages are those of the routers whose frames do not pass, or may not, by namespace/name.
func blockages(permissions []platform.Permission) map[string]*blockage {
	out := map[string]*blockage{}
	lacking := collect.Filter(permissions, func(p platform.Permission) bool { return p.Allowed != platform.Yes })
	for router, own := range collect.By(lacking, func(p platform.Permission) string { return p.Router }) {
		no := func(p platform.Permission) bool { return p.Allowed == platform.No }
		out[router] = &blockage{rejects: causes(collect.Filter(own, no)), unknown: causes(slices.DeleteFunc(own, no))}
	}
	return out
}

// causes are why frames do not pass, each with its nodes.
func causes(permissions []platform.Permission) []cause {
	return collect.Map(collect.Groups(permissions, func(p platform.Permission) string { return p.Why }), func(alike []platform.Permission) cause {
		return cause{alike[0].Why, collect.Map(alike, func(p platform.Permission) string { return p.Node })}
	})
}

// reason is that of an Event.
func (b *blockage) reason() string {
	if len(b.rejects) == 0 {
		return reasonUnknown
	}
	return reasonRejects
}

// nodes are all that it is about, those that are sure first.
func (b *blockage) nodes() []string {
	return collect.Flat(slices.Concat(b.rejects, b.unknown), func(c cause) []string { return c.nodes })
}

// newNode is a node that was not announced before, else the first. Events with the same reason and node within a few minutes are
// one, with the note of the first.
func (b *blockage) newNode(announced []string) string {
	nodes := b.nodes()
	if i := slices.IndexFunc(nodes, func(node string) bool { return !slices.Contains(announced, node) }); i >= 0 {
		return nodes[i]
	}
	return nodes[0]
}

// text says where, why and what to do, in a line that an Event can hold.
func (b *blockage) text(r snapshot.Router, o Options) string {
	var parts []string
	if len(b.rejects) > 0 {
		parts = append(parts, o.Title+" rejects its frames on "+places(b.rejects))
	}
	if len(b.unknown) > 0 {
		parts = append(parts, "unknown whether "+o.Title+" lets its frames through on "+places(b.unknown))
	}
	router := egress.Key(&r.EgressRouter)
	do := ": fix it with " + o.Preflight.On(router, "--fix")
	if len(b.rejects) == 0 {
		do = ": look with " + o.Preflight.On(router)
	}
	return controller.Note(strings.Join(parts, "; "), do)
}

// places names the nodes of each cause, and the cause.
func places(causes []cause) string {
	return strings.Join(collect.Map(causes, func(c cause) string {
		return fmt.Sprintf("%s (%s)", finding.Listed(c.nodes, shownNodes, ", "), c.why)
	}), ", ")
}
