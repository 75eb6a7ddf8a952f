package main

import (
	"fmt"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// findingIndex is a page of every code.
func findingIndex() string {
	var b strings.Builder
	b.WriteString("# Findings\n\nWritten by `make docs` from the catalogue. `--ignore=CODE[:NAMESPACE/NAME]` leaves one out;\n" +
		"`explain CODE` shows its page in the terminal.\n\n")
	b.WriteString("| code | level | what |\n| --- | --- | --- |\n")
	for _, e := range finding.Catalogue() {
		fmt.Fprintf(&b, "| [%s](findings/%s.md) | %s | %s |\n", e.Code, e.Code, e.Levels(), e.Title)
	}
	return b.String()
}
