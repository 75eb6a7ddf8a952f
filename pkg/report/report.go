// Package report shows findings, plans, readiness and routers to people and to programs.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Report is what lint and preflight found, and what preflight would change.
type Report struct {
	// Platform is the one that was looked at, or empty.
	Platform string            `json:"platform,omitempty"`
	Summary  finding.Summary   `json:"summary"`
	Findings []finding.Finding `json:"findings"`
	Plan     []platform.Change `json:"plan"`
	// Readiness says for each router on how many nodes it would work.
	Readiness []Readiness `json:"readiness,omitempty"`

	rows   []check.Row
	failOn string
	where  string
	notes  []string
}

// Readiness is a router on the nodes that its pod could be scheduled to.
type Readiness struct {
	Router string `json:"router"`
	// Nodes is how many there are, Works on how many of them it surely works, and Unknown of how many it is not known.
	Nodes   int `json:"nodes"`
	Works   int `json:"works"`
	Unknown int `json:"unknown"`
	// Rows are the node where the pod is, and every node on which the router would not work, or of which it is
	// not known: of many nodes most are alike.
	Rows []check.Row `json:"rows"`
}

// fold counts the rows, which are ordered by router, and keeps those that tell something.
func fold(rows []check.Row) []Readiness {
	var out []Readiness
	for _, row := range rows {
		if len(out) == 0 || out[len(out)-1].Router != row.Router {
			out = append(out, Readiness{Router: row.Router, Rows: []check.Row{}})
		}
		last := &out[len(out)-1]
		last.Nodes++
		switch answerOf(row) {
		case platform.Yes:
			last.Works++
		case platform.Unknown:
			last.Unknown++
		}
		if row.Active || row.Works != platform.Yes {
			last.Rows = append(last.Rows, row)
		}
	}
	return out
}

// Option is more that a Report is told.
type Option func(*Report)

// FailOn says which findings fail the command, for the formats that know failures: error (the default),
// warning, or never.
func FailOn(level string) Option { return func(r *Report) { r.failOn = level } }

// New makes a Report of findings, a plan and a matrix, any of which may be empty.
func New(findings []finding.Finding, plan *platform.Plan, matrix *check.Matrix, options ...Option) Report {
	r := Report{
		Summary: finding.Summarize(findings), Findings: findings, Plan: []platform.Change{}, failOn: string(finding.Error),
	}
	if r.Findings == nil {
		r.Findings = []finding.Finding{}
	}
	if plan != nil {
		r.Platform, r.where, r.notes = plan.Platform, plan.Where, plan.Notes
		r.Plan = append(r.Plan, plan.Changes...)
	}
	if matrix != nil {
		r.rows, r.Readiness = matrix.Rows, fold(matrix.Rows)
	}
	for _, option := range options {
		option(&r)
	}
	return r
}

// Formats are the values of -o where findings are shown; the first is the default.
func Formats() []string { return []string{"table", "short", "json", "yaml", "junit", "markdown"} }

// CheckFormat refuses what Formats does not list.
func CheckFormat(format string) error {
	if !slices.Contains(Formats(), format) {
		return fmt.Errorf("-o %s is unknown here: write one of %s", format, strings.Join(Formats(), ", "))
	}
	return nil
}

// Write writes r to w; colour is for a terminal only.
func (r Report) Write(w io.Writer, format string, colour bool) error {
	switch format {
	case "json":
		return WriteJSON(w, r)
	case "yaml":
		return WriteYAML(w, r)
	case "junit":
		return r.junit(w)
	case "markdown":
		return r.markdown(w)
	case "short":
		return r.short(w)
	default:
		return r.table(w, colour)
	}
}

// short writes one line per finding, for grep.
func (r Report) short(w io.Writer) error {
	for _, f := range r.Findings {
		if _, err := fmt.Fprintf(w, "%s %s %s: %s\n", f.Level, f.Code, f.Object, f.Message); err != nil {
			return err
		}
	}
	return nil
}

// byObject are findings in groups, in the order in which the objects come first.
func byObject(findings []finding.Finding) [][]finding.Finding {
	return collect.Groups(findings, func(f finding.Finding) string { return f.Object })
}

// table writes the findings by object, each with its why and its fix, then the plan, then which router works
// on which node, and last the summary.
func (r Report) table(w io.Writer, colour bool) error {
	var b strings.Builder
	for _, group := range byObject(r.Findings) {
		fmt.Fprintf(&b, "%s\n", group[0].Object)
		for _, f := range group {
			fmt.Fprintf(&b, "  %s %s: %s\n", paintLevel(f.Level, colour), f.Code, f.Message)
			block(&b, "      why: ", f.Why)
			remedy(&b, "      ", f)
		}
	}
	r.diff(&b, colour)
	if err := r.readiness(&b); err != nil {
		return err
	}
	fmt.Fprintf(&b, "%s\n", summary(r.Summary))
	_, err := io.WriteString(w, b.String())
	return err
}
