package check

import (
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Cluster is all that is checked of a cluster: the specs, and what of the cluster is unknown.
func Cluster(s *snapshot.Snapshot) []finding.Finding {
	out := append(Specs(s), unknown(s)...)
	finding.Sort(out)
	return out
}

// unknown is EGR202: what could not be read is said, since the checks that need it say nothing. Without
// the routers nothing can be checked at all.
func unknown(s *snapshot.Snapshot) []finding.Finding {
	var out []finding.Finding
	for _, u := range s.Unknown {
		f := finding.Finding{
			Code: finding.Forbidden, Level: finding.Warning, Object: "cluster",
			Message: "unknown, because reading is forbidden: " + u.String(),
			Why:     u.Reason,
			Fix:     "ask an administrator for the verb list on " + u.Resource,
		}
		if !u.Partial && (u.Resource == "egressrouters" || u.Resource == "deployments") {
			f.Level = finding.Error
		}
		out = append(out, f)
	}
	return out
}
