package cmd

import (
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
)

// printer writes a line an object, or the objects themselves where -o asks for them.
type printer struct {
	out    io.Writer
	suffix string
	// name leaves the line at the object's name (-o name).
	name bool
	// whole prints the object; nil for lines.
	whole printers.ResourcePrinter
}

func newPrinter(out io.Writer, flags *genericclioptions.PrintFlags, d dryRun) (*printer, error) {
	p := &printer{out: out, suffix: d.suffix()}
	switch format := *flags.OutputFormat; {
	case format == "name":
		p.name = true
	case format == "wide", format == "" && (flags.TemplatePrinterFlags == nil || *flags.TemplatePrinterFlags.TemplateArgument == ""):
	default:
		whole, err := flags.ToPrinter()
		if err != nil {
			return nil, fmt.Errorf("-o %s: %w", format, err)
		}
		p.whole = whole
	}
	return p, nil
}

// lines reports whether a line an object is written.
func (p *printer) lines() bool { return p.whole == nil && !p.name }

// object prints what became of object.
func (p *printer) object(object *unstructured.Unstructured, result apply.Result) error {
	var err error
	switch {
	case p.whole != nil:
		err = p.whole.PrintObj(object, p.out)
	case p.name:
		_, err = fmt.Fprintln(p.out, cluster.Name(object))
	default:
		_, err = fmt.Fprintf(p.out, "%s %s%s\n", cluster.Name(object), result, p.suffix)
	}
	return err
}

// applied prints what became of several objects.
func (p *printer) applied(all []apply.Applied) error {
	for _, a := range all {
		if err := p.object(a.Object, a.Result); err != nil {
			return err
		}
	}
	return nil
}
