package audit

import (
	"maps"
	"reflect"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// question is what an audit asks: of all nodes that each router can come to be on.
type question struct {
	// routers are by namespace/name.
	routers map[string]snapshot.Router
	need    []platform.Attachment
}

// questionOf is the question that a cluster gives rise to. For a blanket answer MACs and destinations do not matter.
func questionOf(held *snapshot.Snapshot, blanket bool) *question {
	q := &question{routers: map[string]snapshot.Router{}}
	for _, r := range held.Routers {
		q.routers[egress.Key(&r.EgressRouter)] = r
	}
	x := held.Index()
	// Before the operator has made the Deployment, nobody knows on which nodes the router can come to be.
	placed := slices.DeleteFunc(slices.Clone(held.Routers), func(r snapshot.Router) bool { return x.DeploymentOf(r) == nil })
	q.need = platform.Attachments(held, placed, true)
	if blanket {
		for i := range q.need {
			q.need[i].MAC, q.need[i].Destinations = "", nil
		}
	}
	return q
}

// same reports whether two questions have the same answer, unless another hand is at work.
func (q *question) same(other *question) bool {
	return other != nil && reflect.DeepEqual(q.need, other.need) &&
		maps.EqualFunc(q.routers, other.routers, func(a, b snapshot.Router) bool { return a.UID == b.UID })
}
