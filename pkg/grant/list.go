package grant

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Entry is a namespace with what it is granted and what it uses.
type Entry struct {
	Namespace string   `json:"namespace"`
	Addresses []string `json:"addresses"`
	// Nodes is a label selector; "" for every node.
	Nodes string `json:"nodes,omitempty"`
	// Max is how many routers the namespace may have; 0 for any number.
	Max int `json:"max,omitempty"`
	// Free is how many of the addresses no router has.
	Free uint64 `json:"free"`
	// Problem is why the grant cannot be read, or which of its addresses another namespace has too.
	Problem string `json:"problem,omitempty"`
	// Routers are those of the namespace: the granted ones first.
	Routers []Use `json:"routers"`
}

// Use is a router with its address.
type Use struct {
	Router  string `json:"router"`
	Address string `json:"address"`
	Allowed Answer `json:"allowed"`
	Why     string `json:"why,omitempty"`
}

// List returns the namespaces that are granted something, and below them those that have routers only, each by name.
func (g *Grants) List(s *snapshot.Snapshot) []Entry {
	uses, addresses := g.uses(s)
	problems := g.Problems()
	granted := g.Namespaces()
	var others []string
	for namespace := range uses {
		if !slices.Contains(granted, namespace) {
			others = append(others, namespace)
		}
	}
	return collect.Map(append(granted, collect.Unique(others)...), func(namespace string) Entry {
		of, _, _ := g.Of(namespace)
		e := Entry{Namespace: namespace, Addresses: texts(of.Addresses), Max: of.Max, Free: of.free(addresses), Routers: uses[namespace]}
		if of.Nodes != nil {
			e.Nodes = of.Nodes.String()
		}
		if err := problems[namespace]; err != nil {
			e.Problem = err.Error()
		}
		return e
	})
}

// uses are the routers of each namespace, and the addresses that any has.
func (g *Grants) uses(s *snapshot.Snapshot) (map[string][]Use, map[netip.Addr]bool) {
	verdicts, addresses := g.Judge(s), map[netip.Addr]bool{}
	uses := map[string][]Use{}
	for _, r := range s.Routers {
		verdict := verdicts[egress.Key(&r.EgressRouter)]
		use := Use{Router: r.Name, Address: egress.Address(&r.EgressRouter).IP, Allowed: verdict.Allowed, Why: verdict.Why}
		if address := egress.ReservedIP(&r.EgressRouter); address.IsValid() {
			use.Address, addresses[address] = address.String(), true
		}
		uses[r.Namespace] = append(uses[r.Namespace], use)
	}
	rank := map[Answer]int{Yes: 0, Unknown: 1, No: 2}
	for _, all := range uses {
		slices.SortStableFunc(all, func(a, b Use) int {
			return cmp.Or(cmp.Compare(rank[a.Allowed], rank[b.Allowed]), cmp.Compare(a.Router, b.Router))
		})
	}
	return uses, addresses
}

// free is how many addresses of g are not among those used.
func (g Grant) free(used map[netip.Addr]bool) uint64 {
	var n uint64
	for i, p := range g.Addresses {
		// A single address that is named beside the network it is in counts once.
		if !p.IsSingleIP() || !slices.ContainsFunc(g.Addresses[:i], func(q netip.Prefix) bool { return q.Overlaps(p) }) {
			n += 1 << (p.Addr().BitLen() - p.Bits())
		}
	}
	for address := range used {
		if g.contains(address) {
			n--
		}
	}
	return n
}
