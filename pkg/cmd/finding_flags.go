package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

// findingFlags are the flags of every verb that reports findings.
type findingFlags struct {
	output string
	failOn string
	ignore []string
}

func (n *findingFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&n.output, "output", "o", report.Formats()[0], "How to show findings: "+strings.Join(report.Formats(), ", "))
	cmd.Flags().StringVar(&n.failOn, "fail-on", "error", "The level of findings that fails the command: error, warning or never")
	cmd.Flags().StringSliceVar(&n.ignore, "ignore", nil, "Findings to leave out, `CODE[:NAMESPACE/NAME]`; may be repeated")
}

// findingOptions are findingFlags, checked.
type findingOptions struct {
	output string
	failOn string
	ignore []finding.Ignore
}

func (n *findingFlags) options() (findingOptions, error) {
	o := findingOptions{output: n.output, failOn: n.failOn}
	if err := report.CheckFormat(n.output); err != nil {
		return o, err
	}
	switch n.failOn {
	case "error", "warning", "never":
	default:
		return o, fmt.Errorf("--fail-on %q is unknown: write error, warning or never", n.failOn)
	}
	for _, text := range n.ignore {
		ignore, err := finding.ParseIgnore(text)
		if err != nil {
			return o, err
		}
		o.ignore = append(o.ignore, ignore)
	}
	return o, nil
}

// report shows findings, and with them a plan and a matrix where they are given, and ends the command with
// the findings' exit code: onError where there are errors.
func (o findingOptions) report(f *factory, findings []finding.Finding, plan *platform.Plan, matrix *platform.Matrix, onError int) error {
	findings = finding.Without(findings, o.ignore)
	r := report.New(findings, plan, matrix, report.FailOn(o.failOn))
	if err := r.Write(f.Out, o.output, colour(f.Out)); err != nil {
		return err
	}
	switch {
	case o.failOn == "never":
		return nil
	case r.Summary.Error > 0:
		return &exitError{code: onError}
	case r.Summary.Warning > 0 && o.failOn == "warning":
		return &exitError{code: exitWarnings}
	}
	return nil
}
