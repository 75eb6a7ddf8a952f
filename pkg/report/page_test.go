package report

import (
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

func TestPage(t *testing.T) {
	page := finding.Page{Code: finding.PodHangs, Level: finding.Error, Title: "the pod cannot start",
		What: "It hangs.\n\n- one\n- two", Why: "So.", See: "Run this:\n\n```shell\nkubectl get pods\n\n  # more\n```", Fix: "Fix it."}
	for _, colour := range []bool{false, true} {
		var b strings.Builder
		if err := Page(&b, page, colour); err != nil {
			t.Fatal(err)
		}
		name := "page.plain"
		if colour {
			name = "page.colour"
		}
		golden(t, name, b.String())
	}
}
