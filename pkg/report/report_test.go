package report

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func sample() Report {
	return New([]finding.Finding{
		{Code: finding.NoPrefix, Level: finding.Error, Object: "billing/partner-a", Message: "address 192.168.12.99 has no prefix length",
			Why: "the operator cannot render it", Fix: "write it as 192.168.12.99/24", Commands: []string{}},
		{Code: finding.SCTPModule, Level: finding.Info, Object: "billing/partner-a", Message: "a rule is for SCTP", Why: "it needs <a module>", Fix: "load it", Commands: []string{}},
		{Code: finding.NothingToDo, Level: finding.Warning, Object: "shop/partner-b", Message: "there is no redirect rule", Why: "nothing goes anywhere", Fix: "add one", Commands: []string{
			"kubectl egress get partner-b -n shop", "kubectl get pods -n shop -l 'a in (b)'"}},
	}, &platform.Plan{Platform: "openstack", Changes: []platform.Change{{
		ID:     "1f0c",
		Target: "port 1f0c (worker-1)", Field: "allowed_address_pairs", Before: json.RawMessage(`[]`),
		After:  json.RawMessage(`[{"ip_address":"192.168.12.99","mac_address":"02:e6:c0:a8:0c:63"}]`),
		Reason: "billing/partner-a sends from here", Version: "7",
		Command: "openstack port set --allowed-address ip-address=192.168.12.99,mac-address=02:e6:c0:a8:0c:63 1f0c",
	}}, Where: "cloud prod, project network, user ops", Notes: []string{"Neutron 21 takes ten pairs a port"}},
		&check.Matrix{Rows: []check.Row{
			{Router: "billing/partner-a", Node: "worker-1", Active: true, Works: platform.No, Allowed: platform.No, Why: []string{"EGR302: the pair is missing"}},
			{Router: "billing/partner-a", Node: "worker-2", Works: platform.Yes, Allowed: platform.Yes},
			{Router: "shop/partner-b", Node: "worker-2", Works: platform.Unknown, Why: []string{"nothing says which subnets it is in"}},
		}})
}

func TestFormats(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			golden(t, "findings."+format, write(t, sample(), format, false))
		})
	}
	t.Run("empty", func(t *testing.T) {
		golden(t, "empty.json", write(t, New(nil, nil, nil), "json", false))
		for _, format := range []string{"table", "short", "junit", "markdown"} {
			golden(t, "empty."+format, write(t, New(nil, &platform.Plan{}, &check.Matrix{}), format, false))
		}
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
