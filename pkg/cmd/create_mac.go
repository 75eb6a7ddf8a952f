package cmd

import (
	"context"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// refuseMAC stops where the MAC that --mac gives the router, of which there is one then, is that of another.
func (o *createOptions) refuseMAC(ctx context.Context, client *cluster.Client) error {
	if o.pod.MAC == "" || o.pod.MAC == egress.RandomMAC {
		return nil // by its own it has an address of its own
	}
	s, unreadable, err := read.NADs(ctx, client, namespacesOf(o.routers))
	if err != nil {
		return err
	}
	if unreadable != nil {
		o.note("%v: whether another router has the MAC was not checked there", unreadable)
	}
	for _, unknown := range s.Unknown {
		o.note("%s may not be listed: whether another router has the MAC was not checked", unknown)
	}
	return invalid(check.SharedMAC(o.snapshot(o.provisioner).Routers[0], o.pod.MAC, s.NADs))
}
