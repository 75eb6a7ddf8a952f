package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

type deleteFlags struct {
	waitFlags
	revokeFlags
	provisioner string
	dryRun      string
	output      string
	adopt       bool
	yes         bool

	ignoreNotFound bool
}

// deleteOptions are what delete needs to run.
type deleteOptions struct {
	*factory
	*deleteFlags
	provisioner egress.Provisioner
	dryRun      dryRun
	print       *printer
	namespace   string
	names       []string
}

func newDeleteCommand(f *factory) *cobra.Command {
	d := &deleteFlags{provisioner: string(egress.Auto), dryRun: string(dryRunNone)}
	cmd := &cobra.Command{
		Use:   "delete NAME...",
		Short: "Delete egress routers and what was made for them",
		Long: `Deletes what create and expose made for a router, and waits until nothing of it is left. It asks first
on a terminal; without one it needs --yes.

What "preflight openstack --fix" added to Neutron for the router stays, and is named, unless --revoke takes
it back. What "preflight vsphere --fix" changed is shared with others, and goes back by its --revert alone.`,
		Example: `  # A router, its Services and its pod
  ` + f.name + ` delete partner-a --yes

  # And its allowed-address pairs
  ` + f.name + ` delete partner-a --revoke --os-cloud k8s`,
		RunE: runs(f, d.complete),
	}
	cmd.ValidArgsFunction = f.completeRouters(anyNumber)
	flags := cmd.Flags()
	flags.BoolVarP(&d.yes, "yes", "y", false, "Do not ask")
	addProvisioner(cmd, &d.provisioner)
	flags.StringVar(&d.dryRun, "dry-run", d.dryRun, "none, client (say what would be deleted) or server (let the server check it, without deleting)")
	flags.StringVarP(&d.output, "output", "o", "", "\"name\" for the names of the objects alone")
	flags.BoolVar(&d.adopt, "adopt", false, "Delete a router that was made by another")
	flags.BoolVar(&d.ignoreNotFound, "ignore-not-found", false, "Succeed where there is no such router")
	d.revokeFlags.add(cmd)
	d.waitFlags.add(cmd, true, "Wait until nothing of the router is left")
	return cmd
}

func (d *deleteFlags) complete(f *factory, _ *cobra.Command, args []string) (*deleteOptions, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("give the NAME of a router: see \"%s delete --help\"", f.name)
	}
	o := &deleteOptions{factory: f, deleteFlags: d, names: args}
	var errs [2]error
	o.provisioner, errs[0] = egress.ParseProvisioner(d.provisioner)
	o.dryRun, errs[1] = parseDryRun(d.dryRun)
	if err := cmp.Or(errs[:]...); err != nil {
		return nil, err
	}
	if d.output != "" && d.output != "name" {
		return nil, fmt.Errorf("-o %s is unknown here: write name, or leave it out", d.output)
	}
	o.print = &printer{out: f.Out, suffix: o.dryRun.suffix(), name: d.output == "name"}
	if err := errors.Join(d.waitFlags.check(), d.revokeFlags.check()); err != nil {
		return nil, err
	}
	if err := f.checkNames(args); err != nil {
		return nil, err
	}
	if !o.yes && o.dryRun == dryRunNone && !f.interactive() {
		return nil, fmt.Errorf("delete asks first, and stdin is not a terminal: pass --yes")
	}
	var err error
	o.namespace, _, err = f.currentNamespace()
	return o, err
}

func (o *deleteOptions) run(ctx context.Context) error {
	client, err := o.client(egress.ManagedByValue)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range o.names {
		errs = append(errs, o.one(ctx, client, name))
	}
	return errors.Join(errs...)
}

// one deletes one router.
func (o *deleteOptions) one(ctx context.Context, client *cluster.Client, name string) error {
	remains, err := apply.LeftoverOf(ctx, client, o.namespace, name, o.provisioner, o.adopt)
	if err != nil {
		return err
	}
	if len(remains.Objects) == 0 {
		if o.wait && o.dryRun == dryRunNone {
			going, err := apply.Terminating(ctx, client, remains, o.provisioner)
			if err != nil {
				return err
			}
			if going {
				return o.awaitGone(ctx, client, remains, name)
			}
		}
		if o.ignoreNotFound {
			return nil
		}
		return fmt.Errorf("egress router %s in namespace %s: %w", name, o.namespace, cluster.ErrNotFound)
	}
	there, err := o.written(ctx, client, name, remains)
	if err != nil {
		return err
	}
	revocation, err := o.revocation(ctx, client, name, there)
	if err != nil {
		return err
	}
	if err := o.noteOthers(ctx, client, name, remains); err != nil {
		return err
	}
	if err := o.confirm(name, remains, revocation); err != nil {
		return err
	}
	if o.dryRun == dryRunNone {
		if err := revocation.carryOut(ctx, o); err != nil {
			return err
		}
	}
	return o.remove(ctx, client, remains, name, there)
}

// remove deletes what remains of the router, and waits until it is gone.
func (o *deleteOptions) remove(ctx context.Context, client *cluster.Client, remains *apply.Leftover, name string, there *written) error {
	var printing error
	show := func(object *unstructured.Unstructured) {
		printing = errors.Join(printing, o.print.object(object, apply.Deleted))
	}
	if o.dryRun == dryRunClient {
		for _, object := range remains.Objects {
			show(object)
		}
		return printing
	}
	err := apply.Delete(ctx, client, remains, o.dryRun == dryRunServer, show)
	if err == nil {
		o.remaining(ctx, client, name, there)
	}
	if err != nil || printing != nil || o.dryRun != dryRunNone || !o.wait {
		return errors.Join(err, printing)
	}
	return o.awaitGone(ctx, client, remains, name)
}

func (o *deleteOptions) awaitGone(ctx context.Context, client *cluster.Client, remains *apply.Leftover, name string) error {
	return apply.WaitGone(ctx, client, remains, o.timeout, func(reason string) {
		o.note("egress router %s/%s: %s", o.namespace, name, reason)
	})
}

// confirm asks, unless that is not wanted.
func (o *deleteOptions) confirm(name string, remains *apply.Leftover, r *revocation) error {
	if r != nil {
		if err := report.Diff(o.ErrOut, r.plan, colour(o.ErrOut)); err != nil {
			return err
		}
	}
	if o.yes || o.dryRun != dryRunNone {
		return nil
	}
	o.note("This deletes egress router %s in namespace %s:", name, o.namespace)
	for _, object := range remains.Objects {
		o.note("  %s", cluster.Name(object))
	}
	if !o.agrees("Delete?") {
		return fmt.Errorf("not confirmed: nothing was deleted")
	}
	return nil
}

// noteOthers says what becomes of the other operator-managed routers in the namespace: the operator gives all of them
// one NAD and one Deployment.
func (o *deleteOptions) noteOthers(ctx context.Context, client *cluster.Client, name string, remains *apply.Leftover) error {
	if !slices.ContainsFunc(remains.Objects, func(object *unstructured.Unstructured) bool { return object.GetKind() == egress.Kind.Kind }) {
		return nil
	}
	s, unreadable, err := read.OperatorRouters(ctx, client, []string{o.namespace})
	if err != nil {
		return err
	}
	if unreadable != nil || len(s.Unknown) > 0 {
		o.note("egressrouters in namespace %s may not be listed: whether another loses its NAD and its Deployment too was not checked", o.namespace)
	}
	others := slices.DeleteFunc(s.Routers, func(r snapshot.Router) bool { return slices.Contains(o.names, r.Name) })
	if len(others) == 0 {
		return nil
	}
	shared, err := read.Shared(ctx, client, o.namespace)
	if err != nil {
		return err
	}
	for _, r := range others {
		if said := check.Leaving(shared, name, r); said != "" {
			o.note("%s", said)
		}
	}
	return nil
}
