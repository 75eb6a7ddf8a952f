package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

const (
	// mostColumns is how many routers still fit beside one another.
	mostColumns = 5
	// mostNodes is how many nodes are listed by name.
	mostNodes = 5
	// foldFrom is how many nodes of which the same is true become one row.
	foldFrom = 4
)

// readiness writes which router would work on which node: nodes by routers, or one line per router where there
// are many.
func (r Report) readiness(b *strings.Builder) error {
	if len(r.rows) == 0 {
		return nil
	}
	m := newGrid(r.rows)
	b.WriteString("readiness by node (* is where the pod is):\n")
	w := printers.GetNewTabWriter(b)
	var err error
	if len(m.routers) <= mostColumns {
		err = m.byNode(w)
	} else {
		err = m.byRouter(w)
	}
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	m.reasons(b)
	return nil
}

// grid is a check.Matrix with its axes.
type grid struct {
	rows    []check.Row
	routers []string
	nodes   []string
	cells   map[[2]string]check.Row
}

func newGrid(rows []check.Row) grid {
	g := grid{
		rows: rows, cells: map[[2]string]check.Row{}, nodes: collect.Unique(collect.Map(rows, func(row check.Row) string { return row.Node })),
		routers: slices.Compact(collect.Map(rows, func(row check.Row) string { return row.Router })), // rows are ordered by router
	}
	for _, row := range rows {
		g.cells[[2]string{row.Router, row.Node}] = row
	}
	return g
}

// byNode writes one row per node. Many nodes of which the same is true, and that hold no pod, share a row.
func (g grid) byNode(w io.Writer) error {
	out := []string{strings.Join(append([]string{"NODE"}, collect.Map(g.routers, finding.Printable)...), "\t")}
	alike := collect.By(g.nodes, g.row)
	for _, node := range g.nodes {
		text := g.row(node)
		switch same := alike[text]; {
		case len(same) < foldFrom || strings.Contains(text, "*"):
			out = append(out, finding.Printable(node)+"\t"+text)
		case node == same[0]:
			out = append(out, fmt.Sprintf("%s and %d more\t%s", finding.Printable(node), len(same)-1, text))
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(out, "\n"))
	return err
}

// row is what is true of node, one cell per router.
func (g grid) row(node string) string {
	return strings.Join(collect.Map(g.routers, func(router string) string {
		if row, ok := g.cells[[2]string{router, node}]; ok {
			return answer(row)
		}
		return "-"
	}), "\t")
}

// answerOf is whether row's router would work; what is not said is unknown.
func answerOf(row check.Row) platform.Answer { return cmp.Or(row.Works, platform.Unknown) }

// answer is row in a word or two.
func answer(row check.Row) string {
	text := string(answerOf(row))
	if row.Works == platform.No && row.Allowed == platform.No && len(row.Why) == 1 {
		text = "blocked"
	}
	return mark(text, row.Active)
}

// byRouter writes one row per router.
func (g grid) byRouter(w io.Writer) error {
	out := []string{"ROUTER\tPOD ON\tYES\tNO\tUNKNOWN\tWOULD NOT WORK ON"}
	for _, rows := range collect.Groups(g.rows, func(row check.Row) string { return row.Router }) {
		counts := map[platform.Answer]int{}
		var active, bad []string
		for _, row := range rows {
			works := answerOf(row)
			counts[works]++
			node := finding.Printable(row.Node)
			if row.Active {
				active = append(active, node)
			}
			if works == platform.No {
				bad = append(bad, mark(node, row.Active))
			}
		}
		out = append(out, fmt.Sprintf("%s\t%s\t%d\t%d\t%d\t%s", finding.Printable(rows[0].Router), orNone(strings.Join(active, ",")),
			counts[platform.Yes], counts[platform.No], counts[platform.Unknown], orNone(finding.Listed(bad, mostNodes, ", "))))
	}
	_, err := fmt.Fprintln(w, strings.Join(out, "\n"))
	return err
}

// mark adds the star of where the pod is.
func mark(text string, active bool) string {
	if active {
		text += " *"
	}
	return text
}

// reasons writes why routers would not work on nodes: each reason once for the routers that it keeps from
// the same nodes.
func (g grid) reasons(b *strings.Builder) {
	type reason struct{ router, why string }
	nodes := map[reason][]string{}
	var reasons []reason
	for _, row := range g.rows {
		for _, why := range row.Why {
			r := reason{finding.Printable(row.Router), finding.Printable(why)}
			if nodes[r] == nil {
				reasons = append(reasons, r)
			}
			nodes[r] = append(nodes[r], finding.Printable(row.Node))
		}
	}
	text := func(r reason) string { return finding.Listed(nodes[r], mostNodes, ", ") + ": " + r.why }
	for _, alike := range collect.Groups(reasons, text) {
		routers := collect.Map(alike, func(r reason) string { return r.router })
		fmt.Fprintf(b, "  %s on %s\n", finding.Listed(routers, mostColumns, ", "), text(alike[0]))
	}
}
