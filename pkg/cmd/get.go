package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
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
	printer, err := g.printer()
	if err != nil {
		return invalid(err)
	}
	// Objects are shown as they were given; the table says how the routers do, for which more must be read.
	l, err := (&lookFlags{all: g.all, asGiven: printer != nil}).read(ctx, f, names)
	if l == nil || l.Snapshot == nil {
		return err
	}
	unread := unread(f, l.Snapshot)
	if err != nil {
		return errors.Join(err, unread)
	}
	return errors.Join(g.show(f, l, printer), unread)
}

// unread says what could not be read. Without a right to list the routers asked for the answer would be wrong,
// which fails the command; those of other namespaces are not asked for.
func unread(f *factory, s *snapshot.Snapshot) error {
	var errs []error
	var beside []string
	for _, u := range s.Unknown {
		switch {
		case !u.Partial && (u.Resource == "egressrouters" || u.Resource == "deployments"):
			errs = append(errs, fmt.Errorf("%s cannot be read: %s", u, u.Reason))
		case !u.Partial && slices.Contains([]string{"network-attachment-definitions", "pods", "services", "endpointslices"}, u.Resource):
			f.note("%s cannot be read: %s", u, u.Reason)
		default:
			beside = append(beside, u.String())
		}
	}
	if len(beside) > 0 {
		f.note("not checked, because you may not read them: %s", strings.Join(beside, ", "))
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

// show prints the routers asked for: as a table, or as EgressRouters, which a single name asks for alone.
func (g *getFlags) show(f *factory, l *look, printer printers.ResourcePrinter) error {
	if printer == nil {
		return g.table(f, l)
	}
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "List"}}
	for _, r := range l.routers() {
		object, err := render.EgressRouter(&r.EgressRouter)
		if err != nil {
			return err
		}
		if len(l.names) == 1 {
			return printer.PrintObj(object, f.Out)
		}
		list.Items = append(list.Items, *object)
	}
	return printer.PrintObj(list, f.Out)
}

func (g *getFlags) table(f *factory, l *look) error {
	if len(l.routers()) == 0 {
		f.noRouters(l.namespace)
		return nil
	}
	writer := printers.GetNewTabWriter(f.Out)
	options := printers.PrintOptions{Wide: *g.print.OutputFormat == "wide", WithNamespace: g.all, NoHeaders: g.noHeaders}
	if err := printers.NewTablePrinter(options).PrintObj(report.Routers(l.Snapshot, l.routers(), l.judge(check.Options{Caller: f.caller()}), time.Now()), writer); err != nil {
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
