package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

type getFlags struct {
	all       bool
	noHeaders bool
	print     *genericclioptions.PrintFlags
}

func newGetCommand(f *factory) *cobra.Command {
	g := &getFlags{print: genericclioptions.NewPrintFlags("")}
	cmd := &cobra.Command{
		Use:   "get [NAME...]",
		Short: "List egress routers, of either provisioner",
		Example: `  # Those of the current namespace
  ` + f.name + ` get

  # All, with node, MAC and redirects
  ` + f.name + ` get -A -o wide`,
		RunE: func(cmd *cobra.Command, args []string) error { return g.run(cmd.Context(), f, args) },
	}
	cmd.ValidArgsFunction = f.completeRouters(anyNumber)
	addAllNamespaces(cmd, &g.all)
	cmd.Flags().BoolVar(&g.noHeaders, "no-headers", false, "Leave the table's headings out")
	g.print.AddFlags(cmd)
	return cmd
}

func (g *getFlags) run(ctx context.Context, f *factory, names []string) error {
	if g.all && len(names) > 0 {
		return invalid(fmt.Errorf("a NAME is in one namespace: leave -A out"))
	}
	printer, err := g.printer()
	if err != nil {
		return invalid(err)
	}
	namespace, _, err := f.currentNamespace()
	if err != nil {
		return invalid(err)
	}
	if g.all {
		namespace = ""
	}
	client, err := f.client(egress.ManagedByValue)
	if err != nil {
		return err
	}
	s, err := client.Read(ctx, cluster.ReadOptions{Namespace: namespace})
	if err != nil {
		return err
	}
	unread := unread(f, s)
	if err := missing(s, namespace, names); err != nil {
		return errors.Join(err, unread)
	}
	if len(names) > 0 {
		s.Routers = slices.DeleteFunc(s.Routers, func(r snapshot.Router) bool { return !slices.Contains(names, r.Name) })
	}
	return errors.Join(g.show(f, s, printer, len(names) == 1, namespace), unread)
}

// unread says what could not be read. Without a right to list the routers asked for the answer would be wrong,
// which fails the command; those of other namespaces are not asked for.
func unread(f *factory, s *snapshot.Snapshot) error {
	var errs []error
	for _, u := range s.Unknown {
		if !u.Partial && (u.Resource == "egressrouters" || u.Resource == "deployments") {
			errs = append(errs, fmt.Errorf("%s cannot be read: %s", u, u.Reason))
			continue
		}
		f.note("%s cannot be read: %s", u, u.Reason)
	}
	return errors.Join(errs...)
}

// printer is nil for a table.
func (g *getFlags) printer() (printers.ResourcePrinter, error) {
	switch format := *g.print.OutputFormat; format {
	case "", "wide", "table":
		return nil, nil
	default:
		printer, err := g.print.ToPrinter()
		if err != nil {
			return nil, fmt.Errorf("-o %s: %w", format, err)
		}
		return printer, nil
	}
}

// show prints the routers of s: as a table, or as EgressRouters, which a single name asks for alone.
func (g *getFlags) show(f *factory, s *snapshot.Snapshot, printer printers.ResourcePrinter, single bool, namespace string) error {
	if printer == nil {
		return g.table(f, s, namespace)
	}
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "List"}}
	for i := range s.Routers {
		object, err := render.EgressRouter(&s.Routers[i].EgressRouter)
		if err != nil {
			return err
		}
		if single {
			return printer.PrintObj(object, f.Out)
		}
		list.Items = append(list.Items, *object)
	}
	if *g.print.OutputFormat == "name" {
		for i := range list.Items {
			if err := printer.PrintObj(&list.Items[i], f.Out); err != nil {
				return err
			}
		}
		return nil
	}
	return printer.PrintObj(list, f.Out)
}

func (g *getFlags) table(f *factory, s *snapshot.Snapshot, namespace string) error {
	if len(s.Routers) == 0 {
		f.noRouters(namespace)
		return nil
	}
	writer := printers.GetNewTabWriter(f.Out)
	options := printers.PrintOptions{Wide: *g.print.OutputFormat == "wide", WithNamespace: g.all, NoHeaders: g.noHeaders}
	if err := printers.NewTablePrinter(options).PrintObj(report.Routers(s, time.Now()), writer); err != nil {
		return err
	}
	return writer.Flush()
}

// noRouters says that there are none, as kubectl does.
func (f *factory) noRouters(namespace string) {
	if namespace == "" {
		f.note("No egress routers found.")
		return
	}
	f.note("No egress routers found in %s namespace.", namespace)
}
