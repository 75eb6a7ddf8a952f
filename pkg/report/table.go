package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// table writes the findings by object, each with its why and its fix, then the plan, then the summary.
func (r Report) table(w io.Writer, colour bool) error {
	var b strings.Builder
	object := ""
	for i, f := range r.Findings {
		if i == 0 || f.Object != object {
			object = f.Object
			fmt.Fprintf(&b, "%s\n", object)
		}
		writeFinding(&b, f, colour)
	}
	for _, c := range r.Plan {
		writeChange(&b, c)
	}
	b.WriteString(summary(r.Summary, len(r.Findings)))
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFinding(b *strings.Builder, f finding.Finding, colour bool) {
	fmt.Fprintf(b, "  %s %s: %s\n", paint(f.Level, colour), f.Code, f.Message)
	fmt.Fprintf(b, "      why: %s\n", f.Why)
	fmt.Fprintf(b, "      fix: %s\n", f.Fix)
}

// writeChange shows a change as a diff does.
func writeChange(b *strings.Builder, c platform.Change) {
	fmt.Fprintf(b, "~ %s: %s\n", c.Target, c.Reason)
	fmt.Fprintf(b, "    %s: %s -> %s\n", c.Field, c.Before, c.After)
	if c.Command != "" {
		fmt.Fprintf(b, "    %s\n", c.Command)
	}
}

// paint is level in its colour.
func paint(level finding.Level, colour bool) string {
	shade := map[finding.Level]color.Attribute{
		finding.Error: color.FgRed, finding.Warning: color.FgYellow, finding.Info: color.FgCyan,
	}
	c := color.New(shade[level])
	if colour {
		c.EnableColor()
	} else {
		c.DisableColor()
	}
	return c.Sprint(string(level))
}

func summary(s finding.Summary, findings int) string {
	if findings == 0 {
		return "no findings\n"
	}
	return fmt.Sprintf("%s, %s, %d info\n", count(s.Error, "error"), count(s.Warning, "warning"), s.Info)
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
