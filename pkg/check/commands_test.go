package check

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// TestCommandsAreComplete: whatever a case prints begins with the command that was called, names the context that was
// given, and leaves nothing to fill in; and no fix, which is words, holds a command.
func TestCommandsAreComplete(t *testing.T) {
	inWords := regexp.MustCompile(`\b(kubectl|oc|openstack|govc) [a-z]+ |NAMESPACE|USER\b`)
	for _, entry := range finding.Catalogue() {
		if !strings.HasPrefix(string(entry.Code), "EGR2") || hasOwnTest(entry.Code) {
			continue
		}
		for _, c := range readCode(t, entry.Code).Found {
			o := c.options()
			o.Caller = finding.Caller{Command: "oc egress", Context: "a context"}
			for _, f := range Judge(decode(t, c.patched(t)), o).Findings {
				if inWords.MatchString(f.Fix) {
					t.Errorf("%s %s: a command is among the words of %q", entry.Code, c.Name, f.Fix)
				}
				for _, line := range f.Commands {
					parts := strings.Split(line, " && ")
					for _, part := range parts {
						if before, piped, ok := strings.Cut(part, "' | "); ok && strings.HasPrefix(before, "echo '") {
							part = piped
						}
						if !strings.HasPrefix(part, "oc ") || !strings.Contains(part, " --context 'a context'") || strings.Contains(part, "NAME") {
							t.Errorf("%s %s: %q is not complete", entry.Code, c.Name, line)
						}
					}
				}
			}
		}
	}
}
