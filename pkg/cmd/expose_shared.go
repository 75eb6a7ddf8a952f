package cmd

import (
	"context"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// refuseShared stops where r shares its namespace with another operator-managed router: all of them have one set of pods,
// so that the Service would send its clients to the destinations of whichever the operator wrote last. Without a client
// there is nothing to ask.
func (o *exposeOptions) refuseShared(ctx context.Context, client *cluster.Client, r snapshot.Router) error {
	if client == nil || r.Provisioner == egress.Standalone {
		return nil
	}
	s, unreadable, err := read.OperatorRouters(ctx, client, []string{r.Namespace})
	if err != nil {
		return err
	}
	if unreadable != nil || len(s.Unknown) > 0 {
		o.note("egressrouters in namespace %s may not be listed: whether another router has its pods too was not checked", r.Namespace)
	}
	return o.refuse(check.Beside([]snapshot.Router{r}, s.Routers),
		"clients of the Service may reach the destinations of either router, and nothing was written: delete one of the routers first")
}
