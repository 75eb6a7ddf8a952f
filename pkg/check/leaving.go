package check

import (
	"cmp"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Leaving says what becomes of other, an operator-managed router, when the router name of its namespace is deleted; "" where
// nothing does. NAD and Deployment have one name for both, and go with the router that owns them: the one that the operator
// wrote them for last.
func Leaving(s *snapshot.Snapshot, name string, other snapshot.Router) string {
	begin := sprintf("egress router %s shares NAD %s and Deployment %s with %s, and ",
		egress.Key(&other.EgressRouter), egress.OperatorNAD, egress.OperatorDeployment, name)
	const down = "it is down until the operator makes them again, up to five minutes later, and what was set on its Deployment is lost"
	owners := map[string]bool{}
	x := s.Index()
	if nad := x.NADOf(other); nad != nil {
		owners[nad.Router] = true
	}
	if d := x.DeploymentOf(other); d != nil {
		owners[d.Router] = true
	}
	switch {
	case owners[name]:
		return begin + "they are deleted for both: " + down
	case s.UnknownOf(nadsResource, deployments) != nil:
		return begin + sprintf("who owns them may not be read: if %s does, they are deleted for both, and ", name) + down
	case len(owners) == 0:
		return ""
	}
	return begin + "they stay: " + ownedBy(owners)
}

// ownedBy says who owns NAD and Deployment.
func ownedBy(owners map[string]bool) string {
	first := ""
	for owner := range owners {
		first = max(first, owner)
	}
	return cmp.Or(first, "no egress router") + " owns them"
}
