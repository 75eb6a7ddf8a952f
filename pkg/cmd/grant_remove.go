package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
)

type grantRemoveFlags struct {
	yes    bool
	dryRun string
}

// grantRemoveOptions are what grant remove needs to run.
type grantRemoveOptions struct {
	*factory
	namespace string
	dryRun    dryRun
	print     *printer
	// agreed tells that nobody is to be asked.
	agreed bool
}

func newGrantRemoveCommand(f *factory) *cobra.Command {
	g := &grantRemoveFlags{dryRun: string(dryRunNone)}
	cmd := &cobra.Command{
		Use:   "remove NAMESPACE",
		Short: "Remove the grant of a namespace",
		Long: `Removes the grant of a namespace, whoever has written it, and names the routers that use it. It asks first
on a terminal; without one it needs --yes. "sync" then takes from the platform what it has written for them:
for that the namespace's key stays in the ConfigMap, empty.`,
		Example: `  # What would lose its address
  ` + f.name + ` grant list billing -o wide

  ` + f.name + ` grant remove billing`,
		RunE: runs(f, g.complete),
	}
	cmd.ValidArgsFunction = f.completeGranted
	cmd.Flags().BoolVarP(&g.yes, "yes", "y", false, "Do not ask")
	cmd.Flags().StringVar(&g.dryRun, "dry-run", g.dryRun, "none, client (say what would be changed) or server (let the server check it, without writing)")
	return cmd
}

func (g *grantRemoveFlags) complete(f *factory, cmd *cobra.Command, args []string) (*grantRemoveOptions, error) {
	namespace, err := granteeOf(f, cmd, args)
	if err != nil {
		return nil, err
	}
	o := &grantRemoveOptions{factory: f, namespace: namespace}
	if o.dryRun, err = parseDryRun(g.dryRun); err != nil {
		return nil, err
	}
	o.agreed = g.yes || o.dryRun != dryRunNone
	o.print = &printer{out: f.Out, suffix: o.dryRun.suffix()}
	if !o.agreed && !f.interactive() {
		return nil, fmt.Errorf("grant remove asks first, and stdin is not a terminal: pass --yes")
	}
	return o, nil
}

func (o *grantRemoveOptions) run(ctx context.Context) error {
	client, err := o.client(apply.GrantManager(egress.ManagedByValue, o.namespace))
	if err != nil {
		return err
	}
	for range attempts {
		if err = o.once(ctx, client); !apierrors.IsConflict(err) {
			break
		}
	}
	return err
}

// once removes the grant as it is now.
func (o *grantRemoveOptions) once(ctx context.Context, client *cluster.Client) error {
	granted, live, err := read.LiveGrants(ctx, client)
	if err != nil {
		return err
	}
	keys := granted.Has(o.namespace)
	if len(keys) == 0 || granted.Withdrawn(o.namespace) {
		return fmt.Errorf("grant of namespace %s: %w", o.namespace, cluster.ErrNotFound)
	}
	if err := o.noteUse(ctx, client, granted); err != nil {
		return err
	}
	if others := apply.OtherManagers(client, live, keys); len(others) > 0 {
		o.note("written by %s too, which may write it again: remove it there first", strings.Join(others, ", "))
	}
	if err := o.confirm(live, keys); err != nil {
		return err
	}
	if o.dryRun == dryRunClient {
		return o.print.object(live, apply.Configured)
	}
	removed, err := apply.RemoveGrant(ctx, client, live, o.namespace, keys, apply.Options{DryRun: o.dryRun == dryRunServer})
	if err != nil {
		return err
	}
	return o.print.object(removed.Object, removed.Result)
}

// noteUse names the routers that have an address by the grant.
func (o *grantRemoveOptions) noteUse(ctx context.Context, client *cluster.Client, granted *grant.Grants) error {
	s, err := o.readRouters(ctx, client, o.namespace)
	if err != nil {
		return err
	}
	if unknown := s.UnknownOf("egressrouters", "deployments"); unknown != nil {
		o.note("which routers use it is not known: %s cannot be read: %s", unknown, unknown.Reason)
	}
	for _, e := range granted.List(s) {
		if e.Namespace != o.namespace {
			continue
		}
		for _, use := range collect.Filter(e.Routers, func(u grant.Use) bool { return u.Allowed != grant.No }) {
			o.note("egress router %s/%s uses it: it is no longer granted %s, and sync takes its permission back", o.namespace, use.Router, use.Address)
		}
	}
	return nil
}

// confirm asks, unless that is not wanted.
func (o *grantRemoveOptions) confirm(live *unstructured.Unstructured, keys []string) error {
	if o.agreed {
		return nil
	}
	o.note("This removes the grant of namespace %s:", o.namespace)
	for _, key := range keys {
		value, _, _ := unstructured.NestedString(live.Object, "data", key)
		o.note("  %s: %s", key, value)
	}
	if !o.agrees("Remove?") {
		return fmt.Errorf("not confirmed: nothing was removed")
	}
	return nil
}
