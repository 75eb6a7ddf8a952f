package cmd

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

type explainFlags struct {
	output string
}

// dataFormats are those of what is no list of findings.
func dataFormats() []string { return []string{"json", "yaml"} }

// checkData refuses what is none of them; "" is text.
func checkData(format string) error {
	if format == "" || slices.Contains(dataFormats(), format) {
		return nil
	}
	return fmt.Errorf("-o %s is unknown here: write json or yaml, or leave it out", format)
}

func newExplainCommand(f *factory) *cobra.Command {
	e := &explainFlags{}
	cmd := &cobra.Command{
		Use:   "explain [CODE...]",
		Short: "Explain findings by their codes",
		Long: `Explains findings by their codes: what is wrong, why it happens, how to see it, and how to fix it.
Without a CODE it lists them all. It needs no cluster.`,
		Example: `  # Why a router's pod hangs
  ` + f.name + ` explain EGR210

  # All codes
  ` + f.name + ` explain`,
		RunE: func(_ *cobra.Command, args []string) error { return e.run(f, args) },
	}
	cmd.ValidArgsFunction = completeExplain
	cmd.Flags().StringVarP(&e.output, "output", "o", "", "How to show the pages, instead of as text: "+strings.Join(dataFormats(), ", "))
	return cmd
}

func (e *explainFlags) run(f *factory, args []string) error {
	codes, err := parseCodes(args)
	if err := cmp.Or(checkData(e.output), err); err != nil {
		return invalid(err)
	}
	if len(codes) == 0 {
		return e.list(f)
	}
	pages, err := parseAll("", codes, finding.PageOf)
	if err != nil {
		return err
	}
	switch {
	case e.output == "":
		return showPages(f, pages)
	case len(pages) == 1:
		return encode(e.output, f.Out, pages[0])
	default:
		return encode(e.output, f.Out, pages)
	}
}

// parseCodes reads codes, each once.
func parseCodes(args []string) ([]finding.Code, error) {
	var codes []finding.Code
	for _, arg := range args {
		code, err := finding.ParseCode(arg)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes, nil
}

func showPages(f *factory, pages []finding.Page) error {
	for i, page := range pages {
		if i > 0 {
			fprintf(f.Out, "\n")
		}
		if err := report.Page(f.Out, page, colour(f.Out)); err != nil {
			return err
		}
	}
	return nil
}

// list shows every code with its title.
func (e *explainFlags) list(f *factory) error {
	if e.output != "" {
		return encode(e.output, f.Out, finding.Catalogue())
	}
	w := printers.GetNewTabWriter(f.Out)
	fprintf(w, "CODE\tLEVEL\tWHAT\n")
	for _, entry := range finding.Catalogue() {
		fprintf(w, "%s\t%s\t%s\n", entry.Code, entry.Levels(), entry.Title)
	}
	return w.Flush()
}

// encode writes v in one of the dataFormats.
func encode(format string, w io.Writer, v any) error {
	if format == "yaml" {
		return report.WriteYAML(w, v)
	}
	return report.WriteJSON(w, v)
}

// completeExplain completes codes that were not typed yet.
func completeExplain(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	typed, _ := parseCodes(args) // what is no code is told when the command runs
	var codes []cobra.Completion
	for _, entry := range finding.Catalogue() {
		if !slices.Contains(typed, entry.Code) && strings.HasPrefix(string(entry.Code), strings.ToUpper(toComplete)) {
			codes = append(codes, cobra.CompletionWithDesc(string(entry.Code), entry.Title))
		}
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}
