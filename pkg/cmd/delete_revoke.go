package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// revokeFlags say whether delete also takes back what was written to Neutron, and as whom.
type revokeFlags struct {
	revoke bool
	openstackLogin
	record recordFlags
}

func (r *revokeFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&r.revoke, "revoke", false, "Also remove the allowed-address pairs that were added to Neutron for the router")
	r.openstackLogin.add(cmd)
	r.record.add(cmd.Flags())
}

func (r *revokeFlags) check() error {
	if !r.revoke && (r.osCloud != "" || r.fromCluster) {
		return errors.New("--os-cloud and --use-cluster-credentials are for --revoke: add it, or leave them out")
	}
	return nil
}

// revocation is the plan that takes back what was written for a router, and who carries it out.
type revocation struct {
	adapter *openstack.Keeper
	plan    *platform.Plan
}

// written is what may be in Neutron for a router that is to be deleted.
type written struct {
	records *apply.Records
	// pairs are recorded, and own is the one that needs no record; nil where it has none.
	pairs []openstack.Pair
	own   *openstack.Pair
}

// written finds what is recorded of a router, and what its address says.
func (o *deleteOptions) written(ctx context.Context, client *cluster.Client, name string, remains *apply.Leftover) (*written, error) {
	w := &written{records: apply.NewRecords(client, o.record.namespace)}
	if err := w.records.Read(ctx); err != nil && (o.revoke || !cluster.Refused(err)) {
		return nil, err
	}
	text, _ := w.records.Load(cluster.Key(o.namespace, name))
	var err error
	if w.pairs, err = openstack.Decode(text); err != nil {
		return nil, fmt.Errorf("ConfigMap %s: %w", apply.RecordName(cluster.Key(o.namespace, name)), err)
	}
	for _, object := range remains.Objects {
		var found *read.Found
		switch {
		case object.GetKind() == egress.Kind.Kind:
			found, err = read.FromEgressRouter(object)
		case read.IsStandalone(object) && object.GetKind() == cluster.Deployments.String():
			found, err = read.FromDeployment(object)
		}
		if found == nil || err != nil {
			continue // it goes, whatever is written on it
		}
		if pair, ok := openstack.OwnPair(egress.ReservedIP(&found.EgressRouter)); ok {
			w.own = &pair
		}
	}
	return w, nil
}

// revocation plans to take pairs back; nil where nothing was asked for or written.
func (o *deleteOptions) revocation(ctx context.Context, client *cluster.Client, name string, w *written) (*revocation, error) {
	if !o.revoke || len(w.pairs) == 0 && w.own == nil {
		return nil, nil
	}
	s, err := read.Snapshot(ctx, client, read.Options{Namespace: o.namespace, Wide: true, Checks: true})
	if err != nil {
		return nil, err
	}
	if unread := s.UnknownOf("nodes"); unread != nil {
		return nil, fmt.Errorf("nothing is taken back: pairs are removed from the ports of nodes alone, and they are not known: %s", unread.Reason)
	}
	key := cluster.Key(o.namespace, name)
	records := map[string][]openstack.Pair{key: w.pairs}
	if w.own != nil && !o.isShared(s, name, w.own) {
		records[key] = append(records[key], *w.own)
	}
	cloud, err := o.cloud(ctx, o.factory)
	if err != nil {
		return nil, err
	}
	adapter, err := openstack.NewKeeper(cloud, openstack.Options{Recorded: records, Nodes: nodesOf(s)}, w.records)
	if err != nil {
		return nil, err
	}
	plan, err := adapter.PlanRevoke(ctx, records)
	if err != nil {
		return nil, err
	}
	return &revocation{adapter, plan}, nil
}

// isShared reports whether another router has the address of own too, or may have: then its pair stays, and that is noted.
func (o *deleteOptions) isShared(s *snapshot.Snapshot, name string, own *openstack.Pair) bool {
	for _, r := range s.Routers {
		if egress.ReservedIP(&r.EgressRouter).String() == own.IP && (r.Namespace != o.namespace || r.Name != name) {
			o.note("egress router %s has %s too: the pair for it stays", egress.Key(&r.EgressRouter), own.IP)
			return true
		}
	}
	if s.Knows("egressrouters") && s.Knows("deployments") {
		return false
	}
	o.note("whether a router of another namespace has %s too is not known: the pair for it stays", own.IP)
	return true
}

// carryOut takes back, before the router goes, so that what fails can be done again.
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

// remaining says what stays in Neutron, and how to take it back.
func (o *deleteOptions) remaining(ctx context.Context, client *cluster.Client, name string, w *written) {
	if o.revoke || o.dryRun != dryRunNone || len(w.pairs) == 0 && w.own == nil {
		return
	}
	const who = "whoever has the address may still send from it. Where sync runs, it takes it back by itself; else"
	if len(w.pairs) > 0 {
		o.note("%s of egress router %s/%s left in Neutron: %s do it with", finding.Count(len(w.pairs), "pair"), o.namespace, name, who)
	}
	for _, p := range w.pairs {
		o.note("  openstack port unset --allowed-address ip-address=%s,mac-address=%s %s", p.IP, strings.ToLower(p.MAC), p.Port)
	}
	if w.own == nil {
		return
	}
	// Its pair is its own record, so only what the nodes run on decides whether there can be one.
	s, err := read.Platform(ctx, client)
	if err != nil || platform.Detect(s, o.platforms.known()) != openstack.Platform().Name {
		return
	}
	o.note("if the pair of egress router %s/%s was added to the port of its node, it is left in Neutron: %s remove address %s with MAC %s from the allowed-address pairs of that port",
		o.namespace, name, who, w.own.IP, w.own.MAC)
}
