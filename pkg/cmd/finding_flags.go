package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
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
	addFailOn(cmd, &n.failOn, string(finding.Error))
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
	if err := cmp.Or(report.CheckFormat(n.output), checkFailOn(n.failOn)); err != nil {
		return o, err
	}
	var err error
	o.ignore, err = parseAll("", n.ignore, finding.ParseIgnore)
	return o, err
}

// report shows findings, and with them a plan and a matrix where they are given, and ends the command with
// the findings' exit code: onError where there are errors.
func (o findingOptions) report(f *factory, findings []finding.Finding, plan *platform.Plan, matrix *check.Matrix, onError int) error {
	findings = finding.Without(findings, o.ignore)
	r := report.New(findings, plan, matrix, report.FailOn(o.failOn))
	if err := r.Write(f.Out, o.output, colour(f.Out)); err != nil {
		return err
	}
	return o.exit(r.Summary, onError)
}

// exit ends the command with the code for findings of which there are so many.
func (o findingOptions) exit(s finding.Summary, onError int) error {
	switch {
	case o.failOn == failNever:
		return nil
	case s.Error > 0:
		return &exitError{code: onError}
	case s.Warning > 0 && o.failOn == string(finding.Warning):
		return &exitError{code: exitWarnings}
	}
	return nil
}

// failNever is the --fail-on that no finding fails.
const failNever = "never"

// addFailOn adds --fail-on.
func addFailOn(cmd *cobra.Command, value *string, otherwise string) {
	cmd.Flags().StringVar(value, "fail-on", otherwise, "The level of findings that fails the command: error, warning or never")
}

func checkFailOn(level string) error {
	if slices.Contains([]string{string(finding.Error), string(finding.Warning), failNever}, level) {
		return nil
	}
	return fmt.Errorf("--fail-on %q is unknown: write error, warning or never", level)
}
