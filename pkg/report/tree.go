package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fatih/color"
	"github.com/xlab/treeprint"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// Tree writes each router of l as a tree. Of several, those that are healthy get a line each. now is for the
// ages; colour is for a terminal only.
func (l StatusList) Tree(w io.Writer, now time.Time, colour bool) error {
	t := treeWriter{now: now, colour: colour}
	var b strings.Builder
	readyOnes := 0
	for _, status := range l.Routers {
		if status.Ready {
			readyOnes++
		}
		if len(l.Routers) > 1 && status.healthy() {
			fmt.Fprintf(&b, "%s\n", t.head(status))
			continue
		}
		b.WriteString(t.tree(status).String())
	}
	for _, group := range byObject(l.Findings) {
		tree := treeprint.NewWithRoot(group[0].Object)
		t.findings(tree, group)
		b.WriteString(tree.String())
	}
	if len(l.Routers) > 1 {
		fmt.Fprintf(&b, "%s, %d ready\n", finding.Count(len(l.Routers), "router"), readyOnes)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// treeWriter holds what every node of a tree needs.
type treeWriter struct {
	now    time.Time
	colour bool
}

// say is a node's text, with nothing in it that a terminal would obey.
func say(format string, args ...any) string { return finding.Printable(fmt.Sprintf(format, args...)) }

// head is a router in a line.
func (t treeWriter) head(s StatusJSON) string {
	kind := "EgressRouter"
	if s.Provisioner == egress.Standalone {
		kind = "standalone"
	}
	shade := color.FgRed
	switch {
	case s.healthy():
		shade = color.FgGreen
	case s.Ready, s.Reason == check.Unknown:
		shade = color.FgYellow
	}
	line := fmt.Sprintf("%s  %s  %s", say("%s %s/%s", kind, s.Namespace, s.Name), paint(finding.Printable(s.Reason), shade, t.colour),
		say("%s via %s", orNone(s.Address), orNone(s.Gateway)))
	if i := slices.IndexFunc(s.Pods, func(p PodStatus) bool { return p.Ready && !p.Deleting }); i >= 0 && s.Pods[i].Node != "" {
		line += say(" on %s", s.Pods[i].Node)
	}
	return line
}

func (t treeWriter) tree(s StatusJSON) treeprint.Tree {
	found := collect.By(s.Findings, func(f finding.Finding) part { return partOf(f.Code) })
	root := treeprint.NewWithRoot(t.head(s))
	t.findings(root, found[atTop])
	t.findings(root.AddBranch(nadText(s)), found[atNAD])
	t.findings(root.AddBranch(deploymentText(s)), found[atDeployment])
	t.pods(root, s, found[atPod])
	t.services(root, s, found[atService])
	t.policies(root, s, found[atPolicies])
	t.platform(root, s, found[atPlatform])
	return root
}

func (t treeWriter) findings(branch treeprint.Tree, findings []finding.Finding) {
	for _, f := range findings {
		text := fmt.Sprintf("%s %s: %s", paintLevel(f.Level, t.colour), f.Code, f.Message)
		remedy := treeRemedy(f)
		if len(remedy) == 0 {
			branch.AddNode(text)
			continue
		}
		node := branch.AddBranch(text)
		for _, line := range remedy {
			node.AddNode(line)
		}
	}
}

// widestCommand is how many characters of a command a tree takes: one that holds a whole object would tear it apart.
const widestCommand = 160

// treeRemedy is the fix of f with the first of its commands, a line each; none for an info, which nothing needs to be done
// about.
func treeRemedy(f finding.Finding) []string {
	if f.Level == finding.Info || f.Fix == "" {
		return nil
	}
	out := []string{say("fix: %s", f.Fix)}
	if len(f.Commands) > 0 && len(f.Commands[0]) <= widestCommand {
		out = append(out, say("%s", f.Commands[0]))
	}
	return out
}
