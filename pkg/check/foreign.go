package check

import (
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Foreign is EGR222 on the routers of s: what keeps the operator from making their pods, before they are applied.
func Foreign(s *snapshot.Snapshot, o Options) []finding.Finding {
	c := newState(s, o)
	var out []finding.Finding
	for _, r := range s.Routers {
		out = append(out, foreign(c, r)...)
	}
	return out
}

// foreign is EGR222. The operator applies its Deployment over one of that name, and the server refuses another selector.
func foreign(c *state, r snapshot.Router) []finding.Finding {
	d := c.ForeignOf(r)
	if d == nil {
		return nil
	}
	return one(r, finding.ForeignDeploy,
		sprintf("Deployment %s is not the operator's: it selects pods by %s, and the operator's by app=%s", d.Name, d.Foreign, egress.OperatorApp),
		"nobody can change a Deployment's selector, so the operator cannot make its own in that place: it fails and tries again, up to a quarter of an hour apart, and there is no pod",
		"see whose it is and have its owner give it another name, or put the router in another namespace",
		c.Caller.Kubectl(d.Namespace, "get", "deployment", d.Name, "-o", "yaml", "--show-managed-fields"))
}
