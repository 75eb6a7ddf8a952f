package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// table writes the findings by object, each with its why and its fix, then the plan, then which router works
// on which node, and last the summary.
func (r Report) table(w io.Writer, colour bool) error {
	var b strings.Builder
	for _, g := range r.byObject() {
		fmt.Fprintf(&b, "%s\n", finding.Printable(g.object))
		for _, f := range g.findings {
			fmt.Fprintf(&b, "  %s %s: %s\n", paintLevel(f.Level, colour), f.Code, finding.Printable(f.Message))
			block(&b, "      why: ", f.Why)
			block(&b, "      fix: ", f.Fix)
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
