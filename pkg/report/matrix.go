package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
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

// readiness writes which router would work on which node: nodes by routers, or a line a router where there
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
	g := grid{rows: rows, cells: map[[2]string]check.Row{}}
	for _, row := range rows {
		g.routers = append(g.routers, row.Router)
		g.nodes = append(g.nodes, row.Node)
		g.cells[[2]string{row.Router, row.Node}] = row
	}
	g.routers = slices.Compact(g.routers) // rows are ordered by router
	slices.Sort(g.nodes)
	g.nodes = slices.Compact(g.nodes)
	return g
}

// byNode writes a row a node. Many nodes of which the same is true, and that hold no pod, share a row.
func (g grid) byNode(w io.Writer) error {
	header := []string{"NODE"}
	for _, router := range g.routers {
		header = append(header, finding.Printable(router))
	}
	alike := map[string][]string{}
	texts := make([]string, len(g.nodes))
	for i, node := range g.nodes {
		texts[i] = g.row(node)
		alike[texts[i]] = append(alike[texts[i]], node)
	}
	out := []string{strings.Join(header, "\t")}
	for i, node := range g.nodes {
		same := alike[texts[i]]
		switch {
		case len(same) < foldFrom || strings.Contains(texts[i], "*"):
			out = append(out, finding.Printable(node)+"\t"+texts[i])
		case node == same[0]:
			out = append(out, fmt.Sprintf("%s and %d more\t%s", finding.Printable(node), len(same)-1, texts[i]))
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(out, "\n"))
	return err
}

// row is what is true of node, a cell a router.
func (g grid) row(node string) string {
	var cells []string
	for _, router := range g.routers {
		cell := "-"
		if row, ok := g.cells[[2]string{router, node}]; ok {
			cell = answer(row)
		}
		cells = append(cells, cell)
	}
	return strings.Join(cells, "\t")
}

// answerOf is whether row's router would work; what is not said is unknown.
func answerOf(row check.Row) platform.Answer { return cmp.Or(row.Works, platform.Unknown) }

// answer is row in a word or two.
func answer(row check.Row) string {
	text := string(answerOf(row))
	if row.Works == platform.No && row.Allowed == platform.No && len(row.Why) == 1 {
		text = "blocked"
	}
	if row.Active {
		text += " *"
	}
	return text
}

// byRouter writes a row a router.
func (g grid) byRouter(w io.Writer) error {
	out := []string{"ROUTER\tPOD ON\tYES\tNO\tUNKNOWN\tWOULD NOT WORK ON"}
	rows := map[string][]check.Row{}
	for _, row := range g.rows {
		rows[row.Router] = append(rows[row.Router], row)
	}
	for _, router := range g.routers {
		counts := map[platform.Answer]int{}
		var active, bad []string
		for _, row := range rows[router] {
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
		out = append(out, fmt.Sprintf("%s\t%s\t%d\t%d\t%d\t%s", finding.Printable(router), orNone(strings.Join(active, ",")),
			counts[platform.Yes], counts[platform.No], counts[platform.Unknown], orNone(finding.Listed(bad, mostNodes, ", "))))
	}
	_, err := fmt.Fprintln(w, strings.Join(out, "\n"))
	return err
}

func mark(node string, active bool) string {
	if active {
		return node + " *"
	}
	return node
}

// reasons writes why routers would not work on nodes: each reason once for the routers that it keeps from
// the same nodes.
func (g grid) reasons(b *strings.Builder) {
	nodes := map[[2]string][]string{} // by router and reason
	for _, row := range g.rows {
		for _, why := range row.Why {
			key := [2]string{row.Router, why}
			nodes[key] = append(nodes[key], finding.Printable(row.Node))
		}
	}
	var texts []string
	routers := map[string][]string{}
	for _, row := range g.rows {
		for _, why := range row.Why {
			key := [2]string{row.Router, why}
			if nodes[key] == nil {
				continue // said
			}
			text := fmt.Sprintf("%s: %s", finding.Listed(nodes[key], mostNodes, ", "), finding.Printable(why))
			nodes[key] = nil
			if routers[text] == nil {
				texts = append(texts, text)
			}
			routers[text] = append(routers[text], finding.Printable(row.Router))
		}
	}
	for _, text := range texts {
		fmt.Fprintf(b, "  %s on %s\n", finding.Listed(routers[text], mostColumns, ", "), text)
	}
}
