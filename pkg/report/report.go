// Package report shows findings, plans and routers: as a table, in short, as JSON and as YAML.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

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
}

// New makes a Report of findings and a plan, either of which may be empty.
func New(findings []finding.Finding, plan *platform.Plan) Report {
	r := Report{Summary: finding.Summarize(findings), Findings: findings, Plan: []platform.Change{}}
	if r.Findings == nil {
		r.Findings = []finding.Finding{}
	}
	if plan != nil {
		r.Platform = plan.Platform
		r.Plan = append(r.Plan, plan.Changes...)
	}
	return r
}

// Formats are the values of -o where findings are shown; the first is the default.
func Formats() []string { return []string{"table", "short", "json", "yaml"} }

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
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "    ")
		return encoder.Encode(r)
	case "yaml":
		data, err := yaml.Marshal(r)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	case "short":
		return r.short(w)
	default:
		return r.table(w, colour)
	}
}

// short writes one line a finding, for grep.
func (r Report) short(w io.Writer) error {
	for _, f := range r.Findings {
		if _, err := fmt.Fprintf(w, "%s %s %s: %s\n", f.Level, f.Code, f.Object, f.Message); err != nil {
			return err
		}
	}
	return nil
}
