package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// markdown writes what a change request needs: the summary, the findings by object, and the plan with the
// values before and after, and the commands.
func (r Report) markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Egress routers\n\n")
	fmt.Fprintf(&b, "**%s**", summary(r.Summary))
	if r.Platform != "" {
		fmt.Fprintf(&b, " on %s", cell(r.Platform))
	}
	b.WriteString("\n")
	if len(r.Findings) > 0 {
		b.WriteString("\n## Findings\n")
	}
	for _, group := range byObject(r.Findings) {
		fmt.Fprintf(&b, "\n### %s\n\n| level | code | what | why | fix |\n| --- | --- | --- | --- | --- |\n", cell(group[0].Object))
		for _, f := range group {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.Level, f.Code, cell(f.Message), cell(f.Why), cell(f.Fix))
		}
		markdownCommands(&b, group)
	}
	r.markdownPlan(&b)
	r.markdownReadiness(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownCommands are the commands of all findings on an object: a table's cell holds no block of code.
func markdownCommands(b *strings.Builder, findings []finding.Finding) {
	var code []string
	for _, f := range findings {
		if len(f.Commands) > 0 {
			code = append(append(code, "# "+string(f.Code)), f.Commands...)
		}
	}
	if len(code) > 0 {
		b.WriteString("\n")
		fence(b, "shell", strings.Join(lines(strings.Join(code, "\n")), "\n"))
	}
}

func (r Report) markdownPlan(b *strings.Builder) {
	if len(r.Plan) == 0 && len(r.notes) == 0 {
		return
	}
	b.WriteString("\n## Plan\n")
	if len(r.Plan) == 0 {
		b.WriteString("\nNothing is to be changed.\n")
	}
	if r.where != "" {
		fmt.Fprintf(b, "\nWhere: %s\n", cell(r.where))
	}
	for _, note := range r.notes {
		fmt.Fprintf(b, "\nNote: %s\n", cell(note))
	}
	for _, c := range r.Plan {
		fmt.Fprintf(b, "\n### %s\n\nWhy: %s\n\nField: %s\n\n", cell(c.Target), cell(c.Reason), cell(c.Field))
		fence(b, "diff", "- "+value(c.Before)+"\n+ "+value(c.After))
		if c.Command != "" {
			b.WriteString("\n")
			fence(b, "shell", strings.Join(lines(c.Command), "\n"))
		}
	}
}

// markdownReadiness lists where a pod is, and where routers would not work; of the rest it gives the number.
func (r Report) markdownReadiness(b *strings.Builder) {
	if len(r.rows) == 0 {
		return
	}
	b.WriteString("\n## Readiness by node\n")
	var out []string
	for _, row := range r.rows {
		if row.Works == platform.Yes && !row.Active {
			continue
		}
		here := ""
		if row.Active {
			here = string(platform.Yes)
		}
		out = append(out, fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", cell(row.Router), cell(row.Node), here, answerOf(row),
			cell(string(row.Allowed)), cell(strings.Join(row.Why, "; "))))
	}
	if len(out) > 0 {
		fmt.Fprintf(b, "\n| router | node | pod is here | works | platform allows it | why |\n| --- | --- | --- | --- | --- | --- |\n%s\n",
			strings.Join(out, "\n"))
	}
	if rest := len(r.rows) - len(out); rest > 0 {
		fmt.Fprintf(b, "\nRouters could move, and would work: %s of a router and a node.\n", finding.Count(rest, "pair"))
	}
}

// cell is text for a cell of a table, a heading or a paragraph: nothing in it is Markdown or HTML, and its
// lines stay lines. A paragraph begins with words of its own, since text there could begin a list.
func cell(text string) string {
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_",
		"[", "\\[", "]", "\\]", "|", "\\|", "~", "\\~", "#", "\\#", "$", "\\$")
	return strings.Join(collect.Map(lines(text), escaped.Replace), "<br>")
}

// fence writes text as a block of code, behind a fence longer than any in the text.
func fence(b *strings.Builder, language, text string) {
	longest, run := 2, 0
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	ticks := strings.Repeat("`", longest+1)
	fmt.Fprintf(b, "%s%s\n%s\n%s\n", ticks, language, text, ticks)
}
