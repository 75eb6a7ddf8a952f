package check

import (
	"net/netip"
	"slices"
	"strings"
	"sync"

	"k8s.io/pod-security-admission/policy"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// state is what the checks of a cluster share; none of them changes it, but for what a field says of itself.
type state struct {
	*snapshot.Index
	Options
	// sharing are the keys of the routers that share a namespace under the operator (EGR113): what is there
	// belongs to each of them in turn, so that the checks of the chain would speak of the other's.
	sharing map[string]bool
	// byIP are the pods by the address of their net1.
	byIP map[netip.Addr][]snapshot.Pod
	// surelyTaken are the routers whose address something has that no tenant can have written; taken fills it.
	surelyTaken map[routerKey]bool
	// security are the Pod Security rules that the server goes by.
	security func() (policy.Evaluator, error)
}

func newState(s *snapshot.Snapshot, o Options) *state {
	if o.MaxMACs == 0 {
		o.MaxMACs = DefaultMaxMACs
	}
	if o.Now.IsZero() {
		o.Now = s.Taken
	}
	c := &state{
		Index: s.Index(), Options: o, sharing: map[string]bool{}, byIP: map[netip.Addr][]snapshot.Pod{}, surelyTaken: map[routerKey]bool{},
		security: sync.OnceValues(func() (policy.Evaluator, error) {
			return policy.NewEvaluator(policy.DefaultChecks(), emulated(s.Cluster.Version))
		}),
	}
	for _, f := range sharedNamespaces(s.Routers) {
		c.sharing[f.Object] = true
	}
	for _, pod := range s.Pods {
		if ip := ipOf(pod); ip.IsValid() {
			c.byIP[ip] = append(c.byIP[ip], pod)
		}
	}
	return c
}

// shares reports whether r has a namespace in common with another operator-managed router.
func (c *state) shares(r snapshot.Router) bool {
	return c.sharing[finding.Printable(egress.Key(&r.EgressRouter))]
}

// knows reports whether all of resources was read that is in r's namespace.
func (c *state) knows(r snapshot.Router, resources ...string) bool {
	return !slices.ContainsFunc(resources, func(resource string) bool { return !c.KnowsIn(resource, r.Namespace) })
}

// ipOf is the address of pod's net1; invalid where it has none.
func ipOf(pod snapshot.Pod) netip.Addr {
	text, _, _ := strings.Cut(pod.IP, "/")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}
