package cmd

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
)

// printer writes one line per object, or the objects themselves where -o asks for them.
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

// lines reports whether one line per object is written.
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

// progress is the bar of a long piece of work, on a terminal; elsewhere it shows nothing.
type progress struct {
	*progressbar.ProgressBar
	// shown tells that a person sees it.
	shown bool
}

// newProgress makes a bar for n steps where a person watches and wants it.
func (f *factory) newProgress(n int, what string, wanted bool) *progress {
	shown := wanted && n > 1 && isTerminal(f.ErrOut)
	return &progress{shown: shown, ProgressBar: progressbar.NewOptions(n,
		progressbar.OptionSetWriter(f.ErrOut),
		progressbar.OptionSetVisibility(shown),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// clear makes room for a line. That a bar cannot be drawn is no fault, here and below.
func (p *progress) clear() { _ = p.Clear() }

func (p *progress) step() { _ = p.Add(1) }

func (p *progress) end() { _ = p.Finish() }
