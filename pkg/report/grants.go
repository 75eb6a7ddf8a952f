package report

import (
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
)

// GrantList is what "grant list" shows as JSON and YAML.
type GrantList struct {
	// Exist tells that the cluster has the ConfigMap of the grants.
	Exist  bool          `json:"exist"`
	Grants []grant.Entry `json:"grants"`
}

// Grants is the table of "grant list": a row for each namespace. The column of priority 1 is for -o wide.
func Grants(list []grant.Entry) *metav1.Table {
	table := &metav1.Table{}
	for _, name := range []string{"Namespace", "Addresses", "Nodes", "Max", "Routers", "Free", "Used By"} {
		table.ColumnDefinitions = append(table.ColumnDefinitions, metav1.TableColumnDefinition{Name: name, Type: "string"})
	}
	table.ColumnDefinitions[len(table.ColumnDefinitions)-1].Priority = 1
	table.Rows = collect.Map(list, func(e grant.Entry) metav1.TableRow { return metav1.TableRow{Cells: grantCells(e)} })
	return table
}

func grantCells(e grant.Entry) []any {
	nodes, limit, free, addresses := "<any>", "<none>", strconv.FormatUint(e.Free, 10), strings.Join(e.Addresses, ",")
	if e.Nodes != "" {
		nodes = e.Nodes
	}
	if e.Max > 0 {
		limit = strconv.Itoa(e.Max)
	}
	if addresses == "" {
		nodes, limit, free, addresses = "<none>", "<none>", "<none>", "<none>"
		if e.Problem != "" {
			nodes, limit, free, addresses = "<unknown>", "<unknown>", "<unknown>", "<unknown>"
		}
	}
	granted := collect.Filter(e.Routers, func(u grant.Use) bool { return u.Allowed == grant.Yes })
	count := strconv.Itoa(len(granted))
	if others := len(e.Routers) - len(granted); others > 0 {
		count += fmt.Sprintf(" (%d not granted)", others)
	}
	return []any{e.Namespace, addresses, nodes, limit, count, free, orNone(strings.Join(collect.Map(e.Routers, use), ","))}
}

// use is a router with its address, and what is missing to it.
func use(u grant.Use) string {
	marks := map[grant.Answer]string{grant.No: " (not granted)", grant.Unknown: " (unknown)"}
	return u.Router + "=" + orNone(u.Address) + marks[u.Allowed]
}
