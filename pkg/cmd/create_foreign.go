package cmd

import (
	"context"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// refuseForeign stops where somebody else's Deployment is in the operator's way: it would fail in silence.
func (o *createOptions) refuseForeign(ctx context.Context, client *cluster.Client) error {
	if o.provisioner != egress.Operator {
		return nil
	}
	s, _, err := read.Foreign(ctx, client, namespacesOf(o.routers))
	if err != nil {
		return err
	}
	for _, unknown := range s.Unknown {
		if !unknown.Partial {
			o.note("%s may not be listed: whether somebody else's Deployment %s is in the operator's way was not checked", unknown, egress.OperatorDeployment)
		}
	}
	s.Routers = o.snapshot(o.provisioner).Routers
	return o.refuse(check.Foreign(s, check.Options{Caller: o.caller()}), "a Deployment of another is in the operator's way, and nothing was written", "--force does not go past it")
}
