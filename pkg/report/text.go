package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fatih/color"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// paint is text in a colour, where colours are wanted.
func paint(text string, shade color.Attribute, colour bool) string {
	if !colour || shade == color.Reset {
		return text
	}
	c := color.New(shade)
	c.EnableColor()
	return c.Sprint(text)
}

// paintLevel is level in its colour.
func paintLevel(level finding.Level, colour bool) string {
	shades := map[finding.Level]color.Attribute{finding.Error: color.FgRed, finding.Warning: color.FgYellow}
	return paint(string(level), cmp.Or(shades[level], color.FgCyan), colour)
}

// lines are the lines of text, each without what a terminal would obey.
func lines(text string) []string {
	return collect.Map(slices.Collect(strings.Lines(text)), func(line string) string { return finding.Printable(strings.TrimRight(line, "\r\n")) })
}

// block writes text behind label, its further lines below its first, so that it can be pasted as a block.
// Long lines are not wrapped, for the same reason.
func block(b *strings.Builder, label, text string) {
	for i, line := range lines(text) {
		if i > 0 {
			label = strings.Repeat(" ", len(label))
		}
		fmt.Fprintf(b, "%s%s\n", label, line)
	}
}

// remedy writes the fix of f, and below it its commands, a line each.
func remedy(b *strings.Builder, indent string, f finding.Finding) {
	block(b, indent+"fix: ", strings.Join(append([]string{f.Fix}, f.Commands...), "\n"))
}

func summary(s finding.Summary) string {
	if s == (finding.Summary{}) {
		return "no findings"
	}
	return fmt.Sprintf("%s, %s, %d info", finding.Count(s.Error, "error"), finding.Count(s.Warning, "warning"), s.Info)
}

// Page writes the page of a code for a terminal: its Markdown without the marks, and code indented.
func Page(w io.Writer, page finding.Page, colour bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n", page.Code, paintLevel(page.Level, colour), page.Title)
	for _, s := range page.Sections() {
		fmt.Fprintf(&b, "\n%s\n", paint(s.Heading, color.Bold, colour))
		fenced := false
		for line := range strings.Lines(s.Text) {
			line = strings.TrimRight(line, "\n")
			switch {
			case strings.HasPrefix(strings.TrimSpace(line), "```"):
				fenced = !fenced
			case line == "":
				b.WriteString("\n")
			case fenced:
				fmt.Fprintf(&b, "      %s\n", line)
			default:
				fmt.Fprintf(&b, "  %s\n", line)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
