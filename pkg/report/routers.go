package report

import (
	"cmp"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// narrowColumns is how many columns are shown without -o wide.
const narrowColumns = 9

// Routers is the table of "get": a row for each of routers, in the columns that kubectl would give it. judged says how
// they do. The columns of priority 1 are for -o wide. now is for the ages.
func Routers(s *snapshot.Snapshot, routers []snapshot.Router, judged *check.Judgement, now time.Time) *metav1.Table {
	table := &metav1.Table{}
	for i, name := range []string{"Name", "Provisioner", "Address", "Gateway", "Ports", "Service", "Status", "Reason", "Age", "Node", "MAC", "Redirects"} {
		column := metav1.TableColumnDefinition{Name: name, Type: "string"}
		if i >= narrowColumns {
			column.Priority = 1
		}
		table.ColumnDefinitions = append(table.ColumnDefinitions, column)
	}
	x := s.Index()
	table.Rows = collect.Map(routers, func(r snapshot.Router) metav1.TableRow { return row(x, r, judged, now) })
	return table
}

func row(x *snapshot.Index, r snapshot.Router, judged *check.Judgement, now time.Time) metav1.TableRow {
	node, mac := "<none>", "<none>"
	if pod := x.PodOf(r); pod != nil {
		node, mac = orNone(pod.Node), orNone(pod.MAC)
	}
	ports := collect.Map(egress.Ports(&r.EgressRouter), egress.Port.String)
	services := collect.Map(x.ServicesOf(r), func(s snapshot.Service) string { return s.Name })
	reasons := collect.Map(judged.Reasons(r), func(code finding.Code) string { return string(code) })
	address := egress.Address(&r.EgressRouter)
	partial := metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: r.Name, Namespace: r.Namespace}}
	return metav1.TableRow{
		Object: runtime.RawExtension{Object: &partial},
		Cells: []any{
			r.Name, string(r.Provisioner), orNone(address.IP), orNone(address.Gateway), orNone(strings.Join(ports, ",")),
			orNone(strings.Join(services, ",")), judged.State(r), orNone(strings.Join(reasons, ",")), age(r.CreationTimestamp.Time, now),
			node, mac, orNone(strings.Join(rulesOf(r), ",")),
		},
	}
}

func age(created, now time.Time) string {
	if created.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(created))
}

func orNone(s string) string { return cmp.Or(s, "<none>") }
