package check

import (
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// notGranted is EGR225. It is silent in a cluster without grants, and where nobody asked for them.
func notGranted(c *state) []finding.Finding {
	if c.Grants == nil {
		return nil
	}
	grants := grant.Parse(c.Grants.Data)
	verdicts := grants.Judge(c.Snapshot)
	return collect.Flat(c.Routers, func(r snapshot.Router) []finding.Finding {
		verdict := verdicts[egress.Key(&r.EgressRouter)]
		if verdict.Allowed == grant.Yes {
			return nil
		}
		fix, command := "have an administrator grant it", grants.Command(c.Caller, &r.EgressRouter, verdict)
		if verdict.Allowed == grant.Unknown {
			fix = "have an administrator put the grants right"
		}
		return one(r, finding.NotGranted, finding.Printable(verdict.Why),
			"sync writes nothing to the platform for a router that is not granted its address, and preflight --fix --yes leaves it out", fix, command)
	})
}
