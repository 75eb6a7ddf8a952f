package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/fatih/color"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Diff writes what plan would change, where, and what a person should know of it; colour is for a terminal
// only.
func Diff(w io.Writer, plan *platform.Plan, colour bool) error {
	var b strings.Builder
	New(nil, plan, nil).diff(&b, colour)
	_, err := io.WriteString(w, b.String())
	return err
}

// diff writes the plan as a diff.
func (r Report) diff(b *strings.Builder, colour bool) {
	if len(r.Plan) > 0 {
		fmt.Fprintf(b, "plan: %s", finding.Count(len(r.Plan), "change"))
		if r.where != "" {
			fmt.Fprintf(b, " (%s)", finding.Printable(r.where))
		}
		b.WriteString("\n")
	}
	for _, c := range r.Plan {
		sign := signOf(c)
		fmt.Fprintf(b, "%s %s: %s\n", paint(sign, shadeOf(sign), colour), finding.Printable(c.Target), finding.Printable(c.Reason))
		fmt.Fprintf(b, "    %s:\n", finding.Printable(c.Field))
		for _, line := range changed(c.Before, c.After) {
			fmt.Fprintf(b, "      %s\n", paint(line, shadeOf(line[:1]), colour))
		}
		block(b, "    ", c.Command)
	}
	for _, note := range r.notes {
		fmt.Fprintf(b, "note: %s\n", finding.Printable(note))
	}
}

// signOf is + where there was nothing, - where nothing is left, else ~.
func signOf(c platform.Change) string {
	switch before, after := empty(c.Before), empty(c.After); {
	case before && !after:
		return "+"
	case after && !before:
		return "-"
	default:
		return "~"
	}
}

func shadeOf(sign string) color.Attribute {
	return map[string]color.Attribute{"+": color.FgGreen, "-": color.FgRed, "~": color.FgYellow}[sign]
}

func empty(data json.RawMessage) bool {
	return slices.Contains([]string{"null", "[]", "{}", `""`}, value(data))
}

// value is data on one line, as it is shown.
func value(data json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		b.Reset()
		b.Write(data)
	}
	if b.Len() == 0 {
		return "null"
	}
	return finding.Printable(b.String())
}

// changed are the lines of a diff between two JSON values: the elements that differ of two lists, the members
// that differ of two objects, else the one and the other.
func changed(before, after json.RawMessage) []string {
	before, after = []byte(cmp.Or(string(before), "null")), []byte(cmp.Or(string(after), "null"))
	if out, ok := changedList(before, after); ok {
		return out
	}
	if out, ok := changedObject(before, after); ok {
		return out
	}
	return []string{fmt.Sprintf("~ %s -> %s", value(before), value(after))}
}

func changedList(before, after json.RawMessage) ([]string, bool) {
	var old, wanted []json.RawMessage
	if json.Unmarshal(before, &old) != nil || json.Unmarshal(after, &wanted) != nil || old == nil && wanted == nil {
		return nil, false
	}
	var out []string
	rest := collect.Map(wanted, value)
	kept := 0
	for _, v := range collect.Map(old, value) {
		if i := slices.Index(rest, v); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
			kept++
			continue
		}
		out = append(out, "- "+v)
	}
	for _, v := range rest {
		out = append(out, "+ "+v)
	}
	if kept > 0 {
		out = append(out, fmt.Sprintf("  (%d stay as they are)", kept))
	}
	return out, true
}

func changedObject(before, after json.RawMessage) ([]string, bool) {
	var old, wanted map[string]json.RawMessage
	if json.Unmarshal(before, &old) != nil || json.Unmarshal(after, &wanted) != nil || old == nil && wanted == nil {
		return nil, false
	}
	var out []string
	for _, name := range collect.Unique(slices.AppendSeq(slices.Collect(maps.Keys(old)), maps.Keys(wanted))) {
		was, had := old[name]
		becomes, has := wanted[name]
		switch label := finding.Printable(name); {
		case !had:
			out = append(out, fmt.Sprintf("+ %s: %s", label, value(becomes)))
		case !has:
			out = append(out, fmt.Sprintf("- %s: %s", label, value(was)))
		case value(was) != value(becomes):
			out = append(out, fmt.Sprintf("~ %s: %s -> %s", label, value(was), value(becomes)))
		}
	}
	return out, true
}

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
