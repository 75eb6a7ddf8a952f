package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

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
