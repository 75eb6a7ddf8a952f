package grant

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Answer says whether something is granted.
type Answer string

// The answers. Unknown is of a grant that cannot be read: nothing is written for it, as for No.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// Verdict says whether a router has what its namespace is granted.
type Verdict struct {
	Allowed Answer
	// Why is a sentence; empty for Yes.
	Why string
	// Names tells that the grant names the router's address by itself, not only a network that it is in. It is true with
	// Yes only.
	Names bool
	// Withdrawn tells that the namespace has a grant, and that it does not hold the router: what it may have had before goes.
	Withdrawn bool
	// Holder is another namespace that is granted the address, or "".
	Holder string
	// needed is how many routers the grant must allow for this one to be among them; 0 where it does not limit them.
	needed int
}

// most is how many addresses or routers a sentence lists.
const most = 5

// Judge returns the verdict about each router of s by namespace/name. Of two routers that share a name, an operator's and a
// standalone one, the worse verdict counts.
func (g *Grants) Judge(s *snapshot.Snapshot) map[string]Verdict {
	out := make(map[string]Verdict, len(s.Routers))
	for _, routers := range collect.Groups(s.Routers, func(r snapshot.Router) string { return r.Namespace }) {
		maps.Copy(out, g.judgeNamespace(routers[0].Namespace, routers))
	}
	return out
}

// judgeNamespace judges the routers of one namespace. Those whose addresses are not granted do not count against the limit:
// asking for much must not take from those who have.
func (g *Grants) judgeNamespace(namespace string, routers []snapshot.Router) map[string]Verdict {
	out := make(map[string]Verdict, len(routers))
	limit := g.limit(namespace)
	var granted []string
	for _, r := range slices.SortedFunc(slices.Values(routers), byAge) {
		verdict := g.judgeAddress(r)
		if verdict.Allowed == Yes {
			granted = append(granted, r.Name)
			if limit > 0 && len(granted) > limit {
				verdict = tooMany(namespace, granted, limit)
			}
		}
		key := egress.Key(&r.EgressRouter)
		if before, shared := out[key]; !shared || before.Allowed == Yes {
			out[key] = verdict
		}
	}
	return out
}

// byAge orders routers by the time at which they were created; what is not created yet comes last.
func byAge(a, b snapshot.Router) int {
	at, bt := a.CreationTimestamp.Time, b.CreationTimestamp.Time
	switch {
	case at.IsZero() && !bt.IsZero():
		return 1
	case bt.IsZero() && !at.IsZero():
		return -1
	}
	return cmp.Or(at.Compare(bt), cmp.Compare(a.Name, b.Name))
}

// limit is how many routers namespace may have; 0 for any number.
func (g *Grants) limit(namespace string) int {
	of, _, _ := g.Of(namespace)
	return of.Max
}

// tooMany is the verdict about the last of the granted routers, where older ones are as many as the limit.
func tooMany(namespace string, granted []string, limit int) Verdict {
	last := len(granted) - 1
	return Verdict{Allowed: No, Withdrawn: true, needed: len(granted), Why: fmt.Sprintf("namespace %s is granted %s: %s came before %s", namespace,
		finding.Count(limit, "router"), finding.Listed(granted[:limit], most, ", "), granted[last])}
}

// judgeAddress says whether r's namespace is granted r's address.
func (g *Grants) judgeAddress(r snapshot.Router) Verdict {
	of, ok, err := g.Of(r.Namespace)
	if verdict, missing := g.missing(r.Namespace, ok, err); missing {
		return verdict
	}
	address := egress.ReservedIP(&r.EgressRouter)
	if !address.IsValid() {
		return Verdict{Allowed: No, Why: fmt.Sprintf("router %s has no valid address, so its namespace's grant cannot hold it", egress.Key(&r.EgressRouter))}
	}
	if !of.contains(address) {
		holder := ""
		if others := g.holding(address); len(others) > 0 {
			holder = others[0]
		}
		return Verdict{Allowed: No, Withdrawn: true, Holder: holder, Why: fmt.Sprintf("namespace %s is not granted %s: it is granted %s", r.Namespace, address,
			cmp.Or(finding.Listed(texts(of.Addresses), most, ", "), "no address"))}
	}
	if holders := g.holding(address); len(holders) > 1 {
		return Verdict{Allowed: Unknown, Why: fmt.Sprintf("%s is granted to more than one namespace: %s", address, finding.Listed(holders, most, ", "))}
	}
	return Verdict{Allowed: Yes, Names: of.names(address)}
}

// missing is the verdict where namespace has no grant, or none that can be read.
func (g *Grants) missing(namespace string, ok bool, err error) (verdict Verdict, missing bool) {
	switch {
	case !g.Exist():
		return Verdict{Allowed: No, Why: fmt.Sprintf("nothing is granted: there is no ConfigMap %s in namespace %s", Name, egress.Namespace)}, true
	case err != nil:
		return Verdict{Allowed: Unknown, Why: fmt.Sprintf("the grant of namespace %s cannot be read: %s", namespace,
			strings.ReplaceAll(err.Error(), "\n", "; "))}, true
	case !ok:
		return Verdict{Allowed: No, Why: fmt.Sprintf("namespace %s is granted no address", namespace)}, true
	}
	return Verdict{}, false
}

// AllowsNode says whether the routers of namespace may run on node, and why not in a sentence.
func (g *Grants) AllowsNode(namespace string, node snapshot.Node) (Answer, string) {
	of, ok, err := g.Of(namespace)
	if verdict, missing := g.missing(namespace, ok, err); missing {
		return verdict.Allowed, verdict.Why
	}
	switch {
	case of.Nodes == nil:
		return Yes, ""
	case node.Labels == nil:
		return Unknown, fmt.Sprintf("namespace %s is granted nodes with %s only, and the labels of node %s are not known", namespace, of.Nodes, node.Name)
	case !of.Nodes.Matches(labels.Set(node.Labels)):
		return No, fmt.Sprintf("namespace %s is granted nodes with %s only: %s is another", namespace, of.Nodes, node.Name)
	}
	return Yes, ""
}
