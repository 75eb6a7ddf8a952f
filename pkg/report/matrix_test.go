package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// matrix is routers on 12 nodes: the pod of each is on worker-01, two nodes are lost, and of one nothing is known.
func matrix(routers int) *check.Matrix {
	var m check.Matrix
	for r := range routers {
		for n := 1; n <= 12; n++ {
			row := check.Row{Router: fmt.Sprintf("billing/router-%d", r), Node: fmt.Sprintf("worker-%02d", n), Active: n == 1, Works: platform.Yes}
			switch n {
			case 3, 7:
				row.Works, row.Why = platform.No, []string{"it is not Ready"}
			case 9:
				row.Works, row.Why = "", []string{"its subnet is not known"}
			}
			m.Rows = append(m.Rows, row)
		}
	}
	return &m
}

func TestReadiness(t *testing.T) {
	golden(t, "readiness.nodes", write(t, New(nil, nil, matrix(2)), "table", false))
	golden(t, "readiness.routers", write(t, New(nil, nil, matrix(6)), "table", false))
	golden(t, "readiness.markdown", write(t, New(nil, nil, matrix(1)), "markdown", false))
}

// A reason that many nodes share is given once, with a few of them.
func TestReadinessFolds(t *testing.T) {
	var m check.Matrix
	for n := range 200 {
		m.Rows = append(m.Rows, check.Row{Router: "a/b", Node: fmt.Sprintf("n%03d", n), Works: platform.No, Allowed: platform.No, Why: []string{"EGR302"}})
	}
	want := "readiness by node (* is where the pod is):\n" +
		"NODE                a/b\n" +
		"n000 and 199 more   blocked\n" +
		"  a/b on n000, n001, n002, n003, n004 and 195 more: EGR302\n" +
		"no findings\n"
	if got := write(t, New(nil, nil, &m), "table", false); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := strings.Count(write(t, New(nil, nil, &m), "json", false), `"node"`); got != 200 {
		t.Errorf("the JSON has %d rows, want all 200", got)
	}
}
