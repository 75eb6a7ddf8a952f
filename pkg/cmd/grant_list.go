package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

type grantListFlags struct {
	output    string
	noHeaders bool
}

// grantListOptions are what grant list needs to run.
type grantListOptions struct {
	*factory
	*grantListFlags
	// namespace is the one to list; "" for all.
	namespace string
}

func newGrantListCommand(f *factory) *cobra.Command {
	g := &grantListFlags{}
	cmd := &cobra.Command{
		Use:   "list [NAMESPACE]",
		Short: "List who is granted which addresses, who uses them, and what is free",
		Long: `Lists what namespaces are granted, how many granted routers they have, and how many addresses are free.
With -o wide it names the routers. Below the grants there are the namespaces that have routers without one.`,
		Example: `  # Who has what
  ` + f.name + ` grant list

  # Which router uses which address
  ` + f.name + ` grant list billing -o wide`,
		RunE: runs(f, g.complete),
	}
	cmd.ValidArgsFunction = f.completeGranted
	cmd.Flags().StringVarP(&g.output, "output", "o", "", "wide, json or yaml; a short table without it")
	cmd.Flags().BoolVar(&g.noHeaders, "no-headers", false, "Leave the table's headings out")
	return cmd
}

func (g *grantListFlags) complete(f *factory, _ *cobra.Command, args []string) (*grantListOptions, error) {
	o := &grantListOptions{factory: f, grantListFlags: g}
	if len(args) > 1 {
		return nil, fmt.Errorf("give one NAMESPACE, or none for all%s", extra(args))
	}
	if g.output != "wide" && checkData(g.output) != nil {
		return nil, fmt.Errorf("-o %s is unknown here: write wide, json or yaml, or leave it out", g.output)
	}
	if len(args) == 0 {
		return o, nil
	}
	o.namespace = args[0]
	return o, checkNamespace(f, o.namespace)
}

func (o *grantListOptions) run(ctx context.Context) error {
	client, err := o.client(egress.ManagedByValue)
	if err != nil {
		return err
	}
	granted, err := read.Grants(ctx, client)
	if err != nil {
		return err
	}
	s, err := o.readRouters(ctx, client, o.namespace)
	if err != nil {
		return err
	}
	list := collect.Filter(granted.List(s), func(e grant.Entry) bool { return o.namespace == "" || e.Namespace == o.namespace })
	return errors.Join(o.show(granted, list), unread(o.factory, s))
}

// readRouters reads the routers of the cluster, or where these may not be read those of namespace. What cannot be understood
// is noted.
func (f *factory) readRouters(ctx context.Context, client *cluster.Client, namespace string) (*snapshot.Snapshot, error) {
	s, unreadable, err := read.Neighbours(ctx, client, []string{namespace})
	if err != nil {
		return nil, err
	}
	if unreadable != nil {
		f.note("not shown: %v", unreadable)
	}
	s.Sort()
	return s, nil
}

func (o *grantListOptions) show(granted *grant.Grants, list []grant.Entry) error {
	if checkData(o.output) == nil && o.output != "" {
		return encode(o.output, o.Out, report.GrantList{Exist: granted.Exist(), Grants: list})
	}
	for _, e := range list {
		if e.Problem != "" {
			o.note("namespace %s: %s", e.Namespace, e.Problem)
		}
	}
	if !granted.Exist() {
		o.note("Nothing is granted: there is no ConfigMap %s in namespace %s.", grant.Name, egress.Namespace)
	} else if len(list) == 0 {
		o.note("No grants found.")
	}
	if len(list) == 0 {
		return nil
	}
	writer := printers.GetNewTabWriter(o.Out)
	options := printers.PrintOptions{Wide: o.output == "wide", NoHeaders: o.noHeaders}
	if err := printers.NewTablePrinter(options).PrintObj(report.Grants(list), writer); err != nil {
		return err
	}
	return writer.Flush()
}
