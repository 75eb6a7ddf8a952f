package report

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Routers is the table of "get": a row for each router of s, in the columns that kubectl would give it.
// The columns of priority 1 are for -o wide. now is for the ages.
func Routers(s *snapshot.Snapshot, now time.Time) *metav1.Table {
	table := &metav1.Table{ColumnDefinitions: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string"},
		{Name: "Provisioner", Type: "string"},
		{Name: "Address", Type: "string"},
		{Name: "Gateway", Type: "string"},
		{Name: "Ports", Type: "string"},
		{Name: "Service", Type: "string"},
		{Name: "Status", Type: "string"},
		{Name: "Age", Type: "string"},
		{Name: "Node", Type: "string", Priority: 1},
		{Name: "MAC", Type: "string", Priority: 1},
		{Name: "Redirects", Type: "string", Priority: 1},
	}}
	for i := range s.Routers {
		table.Rows = append(table.Rows, row(s, s.Routers[i], now))
	}
	return table
}

func row(s *snapshot.Snapshot, r snapshot.Router, now time.Time) metav1.TableRow {
	node, mac := "<none>", "<none>"
	if pod := s.PodOf(r); pod != nil {
		node, mac = orNone(pod.Node), orNone(pod.MAC)
	}
	var ports, services []string
	for _, p := range egress.Ports(&r.EgressRouter) {
		ports = append(ports, p.String())
	}
	for _, service := range s.ServicesOf(r) {
		services = append(services, service.Name)
	}
	address := egress.Address(&r.EgressRouter)
	partial := metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: r.Name, Namespace: r.Namespace}}
	return metav1.TableRow{
		Object: runtime.RawExtension{Object: &partial},
		Cells: []any{
			r.Name, string(r.Provisioner), orNone(address.IP), orNone(address.Gateway), orNone(strings.Join(ports, ",")),
			orNone(strings.Join(services, ",")), State(s.PodOf(r), r), age(r.CreationTimestamp, now),
			node, mac, orNone(strings.Join(rulesOf(r), ",")),
		},
	}
}

// works reports whether pod is ready, and holds r's address on net1.
func works(pod *snapshot.Pod, r snapshot.Router) bool {
	return pod != nil && pod.Ready && pod.IP != "" && pod.IP == egress.ReservedIP(&r.EgressRouter).String()
}

// ready is the state of a router that works as far as the cluster can tell.
const ready = "Ready"

// State is the state of r, whose pod counts, in a word or two: Ready with the reserved address on net1.
func State(pod *snapshot.Pod, r snapshot.Router) string {
	switch {
	case pod == nil:
		return "NoPod"
	case !pod.Ready && pod.State == "Running":
		return "NotReady" // as on a lost node: kubectl shows beside Running that it is not ready
	case !pod.Ready:
		reason, _, _ := strings.Cut(pod.State, " (")
		return reason
	case pod.IP == "":
		return "NoNet1"
	case !works(pod, r):
		return "OtherIP"
	default:
		return ready
	}
}

func age(created metav1.Time, now time.Time) string {
	if created.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(created.Time))
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}
