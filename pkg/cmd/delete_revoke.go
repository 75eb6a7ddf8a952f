package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// revokeFlags say whether delete also takes back what was written to Neutron, and as whom.
type revokeFlags struct {
	revoke bool
	openstackLogin
}

func (r *revokeFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&r.revoke, "revoke", false, "Also remove the allowed-address pairs that were added to Neutron for the router")
	r.openstackLogin.add(cmd)
}

func (r *revokeFlags) check() error {
	if !r.revoke && (r.osCloud != "" || r.fromCluster) {
		return errors.New("--os-cloud and --use-cluster-credentials are for --revoke: add it, or leave them out")
	}
	return nil
}

// revocation is the plan that takes back what was written for a router, and who carries it out.
type revocation struct {
	adapter *openstack.Adapter
	plan    *platform.Plan
}

// revocation plans to take pairs back; nil where nothing was asked for or written.
func (o *deleteOptions) revocation(ctx context.Context, name string, pairs []openstack.Pair) (*revocation, error) {
	if !o.revoke || len(pairs) == 0 {
		return nil, nil
	}
	records := map[string][]openstack.Pair{o.namespace + "/" + name: pairs}
	adapter, err := o.connect(ctx, o.factory, openstack.Options{Recorded: records})
	if err != nil {
		return nil, err
	}
	plan, err := adapter.PlanRevoke(ctx, records)
	if err != nil {
		return nil, err
	}
	return &revocation{adapter, plan}, nil
}

// carryOut takes back, before the router goes: with it would go the record of what was written.
func (r *revocation) carryOut(ctx context.Context, o *deleteOptions) error {
	if r == nil || len(r.plan.Changes) == 0 {
		return nil
	}
	err := r.adapter.Apply(ctx, r.plan, func(c platform.Change, err error) {
		if err != nil {
			o.note("error: %s: %v", c.Target, err)
			return
		}
		fprintf(o.Out, "%s changed\n", finding.Printable(c.Target))
	})
	if err != nil {
		return fmt.Errorf("the router was not deleted, since what was written to Neutron for it still stands: %w", err)
	}
	return nil
}

// remaining says what leave stays in Neutron, and how to take it back.
func (o *deleteOptions) remaining(name string, pairs []openstack.Pair) {
	if o.revoke || len(pairs) == 0 || o.dryRun != dryRunNone {
		return
	}
	o.note("%s of egress router %s/%s left in Neutron: whoever has the address may still send from it. Where sync runs, it takes it back by itself; else do it with", finding.Count(len(pairs), "pair"), o.namespace, name)
	for _, p := range pairs {
		o.note("  openstack port unset --allowed-address ip-address=%s,mac-address=%s %s", p.IP, strings.ToLower(p.MAC), p.Port)
	}
}
