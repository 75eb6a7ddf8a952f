package controller

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

const (
	// longestNote is how many bytes the API server takes as the note of an Event.
	longestNote = 1024
	// shownNodes is how many nodes are named for each cause.
	shownNodes = 5
)

// verdict is where a platform does not let a router's frames through, by cause, in the order of the Plan.
type verdict struct{ rejects, unknown []cause }

// cause is why frames do not pass, and from which nodes.
type cause struct {
	why   string
	nodes []string
}

// verdicts are those of the routers whose frames do not pass, or may not, by namespace/name.
func verdicts(permissions []platform.Permission) map[string]*verdict {
	out := map[string]*verdict{}
	for _, l := range permissions {
		if l.Allowed == platform.Yes {
			continue
		}
		v := out[l.Router]
		if v == nil {
			v = &verdict{}
			out[l.Router] = v
		}
		causes := &v.unknown
		if l.Allowed == platform.No {
			causes = &v.rejects
		}
		i := slices.IndexFunc(*causes, func(c cause) bool { return c.why == l.Why })
		if i < 0 {
			i = len(*causes)
			*causes = append(*causes, cause{why: l.Why})
		}
		(*causes)[i].nodes = append((*causes)[i].nodes, l.Node)
	}
	return out
}

// reason is that of an Event.
func (v *verdict) reason() string {
	if len(v.rejects) == 0 {
		return reasonUnknown
	}
	return reasonRejects
}

// nodes are all that it is about, those that are sure first.
func (v *verdict) nodes() []string {
	var out []string
	for _, c := range slices.Concat(v.rejects, v.unknown) {
		out = append(out, c.nodes...)
	}
	return out
}

// news is a node that was not told before, else the first. Events with the same reason and node within a few minutes are
// one, with the note of the first.
func (v *verdict) news(told []string) string {
	nodes := v.nodes()
	if i := slices.IndexFunc(nodes, func(node string) bool { return !slices.Contains(told, node) }); i >= 0 {
		return nodes[i]
	}
	return nodes[0]
}

// text says where, why and what to do, in a line that an Event can hold. flags are those of preflight that ask for the
// same.
func (v *verdict) text(r snapshot.Router, flags string) string {
	var parts []string
	if len(v.rejects) > 0 {
		parts = append(parts, "vSphere rejects its frames on "+places(v.rejects))
	}
	if len(v.unknown) > 0 {
		parts = append(parts, "unknown whether vSphere lets its frames through on "+places(v.unknown))
	}
	command := fmt.Sprintf("kubectl egress preflight vsphere %s -n %s", r.Name, r.Namespace)
	if flags != "" {
		command += " " + flags
	}
	do := ": mend it with " + command + " --fix"
	if len(v.rejects) == 0 {
		do = ": look with " + command
	}
	return cut(finding.Printable(strings.Join(parts, "; ")), longestNote-len(do)) + do
}

// places names the nodes of each cause, and the cause.
func places(causes []cause) string {
	var out []string
	for _, c := range causes {
		nodes := strings.Join(c.nodes, ", ")
		if more := len(c.nodes) - shownNodes; more > 0 {
			nodes = fmt.Sprintf("%s and %d more", strings.Join(c.nodes[:shownNodes], ", "), more)
		}
		out = append(out, fmt.Sprintf("%s (%s)", nodes, c.why))
	}
	return strings.Join(out, ", ")
}

// cut is text in at most n bytes, with dots where some of it is left out.
func cut(text string, n int) string {
	const dots = "..."
	if len(text) <= n {
		return text
	}
	n -= len(dots)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:max(n, 0)] + dots
}
