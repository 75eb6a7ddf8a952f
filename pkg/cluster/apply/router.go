package apply

import (
	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// RouterOf is r as the cluster holds it once it was applied, with what this tool has noted on it.
func RouterOf(r *nov1.EgressRouter, provisioner egress.Provisioner, applied []Applied) snapshot.Router {
	for _, a := range applied {
		if a.Object.GetKind() != egress.Kind.Kind {
			continue
		}
		if found, err := read.FromEgressRouter(a.Object); err == nil {
			return read.BareRouter(found.Router)
		}
	}
	return snapshot.Router{EgressRouter: *r, Provisioner: provisioner}
}
