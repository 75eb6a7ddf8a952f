package report

import (
	"strings"
	"testing"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func TestRouters(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	router := func(name string, p egress.Provisioner, ip string) snapshot.Router {
		var r snapshot.Router
		r.Name, r.Namespace, r.Provisioner = name, "billing", p
		r.CreationTimestamp = metav1.NewTime(now.Add(-90 * time.Minute))
		r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: ip + "/24", Gateway: "192.168.12.1"}}
		r.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{{Port: 80, Protocol: "UDP", DestinationIP: "10.100.3.0"}}}
		return r
	}
	pod := func(name string, ready bool, state, ip string, age time.Duration) snapshot.Pod {
		return snapshot.Pod{Namespace: "billing", Name: name, Labels: egress.Labels(name), Ready: ready, State: state,
			IP: ip, MAC: "02:00:00:00:00:01", Node: "worker-1", Created: now.Add(-age)}
	}
	s := &snapshot.Snapshot{
		Routers: []snapshot.Router{
			router("none", egress.Operator, "192.168.12.2"),
			router("ready", egress.Standalone, "192.168.12.3"),
			router("hangs", egress.Standalone, "192.168.12.4"),
			router("other", egress.Standalone, "192.168.12.5"),
			router("bare", egress.Standalone, "192.168.12.6"),
			router("lost", egress.Standalone, "192.168.12.7"),
			router("degraded", egress.Standalone, "192.168.12.8"),
		},
		Pods: []snapshot.Pod{
			pod("ready", false, "Pending", "", time.Minute), pod("ready", true, "Running", "192.168.12.3", time.Hour),
			pod("hangs", false, "ContainerCreating (why)", "", time.Hour),
			pod("other", true, "Running", "192.168.12.9", time.Hour),
			pod("bare", true, "Running", "", time.Hour),
			pod("lost", false, "Running", "192.168.12.7", time.Hour),
			pod("degraded", true, "Running", "192.168.12.8", time.Hour),
		},
		Services: []snapshot.Service{
			{Namespace: "billing", Name: "by-hand", Selector: map[string]string{egress.LabelInstance: "ready"}},
			{Namespace: "billing", Name: "none", Selector: map[string]string{"app": egress.OperatorApp}},
			{Namespace: "billing", Name: "headless-of-nobody"},
			{Namespace: "shop", Name: "elsewhere", Selector: map[string]string{egress.LabelInstance: "ready"}},
		},
	}
	findings := []finding.Finding{
		{Code: finding.PodHangs, Level: finding.Error, Object: "billing/hangs"}, {Code: finding.PodHangs, Level: finding.Error, Object: "billing/hangs"},
		{Code: finding.OldRules, Level: finding.Warning, Object: "billing/ready"}, {Code: finding.OpenToAll, Level: finding.Info, Object: "billing/none"},
		{Code: finding.NodeReadiness, Level: finding.Error, Object: "billing/degraded"},
	}
	var b strings.Builder
	w := printers.GetNewTabWriter(&b)
	if err := printers.NewTablePrinter(printers.PrintOptions{Wide: true, WithNamespace: true}).PrintObj(Routers(s, s.Routers, judged(s, findings, nil), now), w); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	golden(t, "routers.table", b.String())
}
