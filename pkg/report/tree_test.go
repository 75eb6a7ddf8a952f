package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// TestTreeRemedy: an error is shown with what to do about it; a command that would tear the tree apart is left to preflight.
func TestTreeRemedy(t *testing.T) {
	found := finding.New(finding.NADDiffers, "billing/partner-a", "differs", "why", "see who wrote it", "kubectl get nad", "kubectl logs x")
	if got := treeRemedy(found); !slices.Equal(got, []string{"fix: see who wrote it", "kubectl get nad"}) {
		t.Errorf("a warning: %q", got)
	}
	if got := treeRemedy(found.At(finding.Info)); got != nil {
		t.Errorf("an info: %q", got)
	}
	found.Commands[0] = "echo " + strings.Repeat("x", widestCommand)
	if got := treeRemedy(found); !slices.Equal(got, []string{"fix: see who wrote it"}) {
		t.Errorf("a long command: %q", got)
	}
}
