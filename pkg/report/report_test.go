package report

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func sample() Report {
	return New([]finding.Finding{
		{Code: finding.NoPrefix, Level: finding.Error, Object: "billing/partner-a", Message: "address 192.168.12.99 has no prefix length",
			Why: "the operator cannot render it", Fix: "write it as 192.168.12.99/24"},
		{Code: finding.SCTPModule, Level: finding.Info, Object: "billing/partner-a", Message: "a rule is for SCTP", Why: "it needs <a module>", Fix: "load it"},
		{Code: finding.NothingToDo, Level: finding.Warning, Object: "shop/partner-b", Message: "there is no redirect rule", Why: "nothing goes anywhere", Fix: "add one"},
	}, &platform.Plan{Platform: "openstack", Changes: []platform.Change{{
		Target: "port 1f0c (worker-1)", Field: "allowed_address_pairs", Before: json.RawMessage(`[]`),
		After:  json.RawMessage(`[{"ip_address":"192.168.12.99","mac_address":"02:e6:c0:a8:0c:63"}]`),
		Reason: "billing/partner-a sends from here", Version: "7",
		Command: "openstack port set --allowed-address ip-address=192.168.12.99,mac-address=02:e6:c0:a8:0c:63 1f0c",
	}}})
}

func TestFormats(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			golden(t, "findings."+format, write(t, sample(), format, false))
		})
	}
	t.Run("empty", func(t *testing.T) {
		golden(t, "empty.json", write(t, New(nil, nil), "json", false))
		golden(t, "empty.table", write(t, New(nil, nil), "table", false))
	})
}

func TestColourIsForTerminals(t *testing.T) {
	if plain := write(t, sample(), "table", false); strings.Contains(plain, "\x1b[") {
		t.Error("colours where none are wanted")
	}
	if coloured := write(t, sample(), "table", true); !strings.Contains(coloured, "\x1b[31merror\x1b[") {
		t.Errorf("no red error in %q", coloured)
	}
}

func write(t *testing.T, r Report, format string, colour bool) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b, format, colour); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (rewrite it with -update):\n%s", path, got)
	}
}

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
		},
		Pods: []snapshot.Pod{
			pod("ready", false, "Pending", "", time.Minute), pod("ready", true, "Running", "192.168.12.3", time.Hour),
			pod("hangs", false, "ContainerCreating (why)", "", time.Hour),
			pod("other", true, "Running", "192.168.12.9", time.Hour),
			pod("bare", true, "Running", "", time.Hour),
		},
		Services: []snapshot.Service{
			{Namespace: "billing", Name: "by-hand", Selector: map[string]string{egress.LabelInstance: "ready"}},
			{Namespace: "billing", Name: "none", Selector: map[string]string{"app": egress.OperatorApp}},
			{Namespace: "billing", Name: "headless-of-nobody"},
			{Namespace: "shop", Name: "elsewhere", Selector: map[string]string{egress.LabelInstance: "ready"}},
		},
	}
	var b strings.Builder
	w := printers.GetNewTabWriter(&b)
	if err := printers.NewTablePrinter(printers.PrintOptions{Wide: true, WithNamespace: true}).PrintObj(Routers(s, now), w); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	golden(t, "routers.table", b.String())
}
