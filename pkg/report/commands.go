package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Commands writes the commands that would do what plan does, for the person who holds the rights: a shell
// script in which a comment says of each for what and why it is.
func Commands(w io.Writer, plan *platform.Plan) error {
	var b strings.Builder
	if plan.Where != "" {
		fmt.Fprintf(&b, "# %s\n", finding.Printable(plan.Where))
	}
	for _, note := range plan.Notes {
		fmt.Fprintf(&b, "# %s\n", finding.Printable(note))
	}
	for _, c := range plan.Changes {
		// On one line, whatever it holds: its next line would be a command.
		fmt.Fprintf(&b, "# %s: %s\n", finding.Printable(c.Target), finding.Printable(c.Reason))
		if c.Command == "" {
			fmt.Fprintf(&b, "# no command sets %s: %s -> %s\n", finding.Printable(c.Field), value(c.Before), value(c.After))
		}
		block(&b, "", c.Command)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
