package cmd

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

// explain runs explain where there is no cluster.
func explain(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	t.Setenv("KUBECONFIG", "/nowhere")
	streams, _, stdout, stderr := genericiooptions.NewTestIOStreams()
	code = Main(t.Context(), streams, append([]string{"/bin/kubectl-egress", "explain"}, args...), "v0.0.0")
	return code, stdout.String(), stderr.String()
}

func pageText(t *testing.T, code finding.Code) string {
	t.Helper()
	page, err := finding.PageOf(code)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := report.Page(&b, page, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestExplain(t *testing.T) {
	want := pageText(t, finding.PodHangs)
	if !strings.HasPrefix(want, "EGR210 error: the pod cannot start, and the event hides why\n\nWhat\n  ") {
		t.Errorf("the page begins with %q", want[:min(len(want), 100)])
	}
	for _, typed := range []string{"EGR210", "egr210", "210"} {
		if code, out, errOut := explain(t, typed); code != exitDone || out != want || errOut != "" {
			t.Errorf("explain %s: exit code %d, %s%s", typed, code, out, errOut)
		}
	}
	code, out, errOut := explain(t, "101", "EGR210", "egr101")
	if code != exitDone || out != pageText(t, finding.NoPrefix)+"\n"+want || errOut != "" {
		t.Errorf("explain 101 EGR210 egr101: exit code %d, %s%s", code, out, errOut)
	}
}

func TestExplainRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"EGR101 EGR412": `error: there is no finding "EGR412": the nearest are EGR411 (the change goes against a hardening rule), EGR410 (`,
		"sctp":          `error: there is no finding "sctp": the nearest are EGR115 (SCTP needs a kernel module on the nodes)`,
		"101 -o xml":    "error: -o xml is unknown here: write json or yaml, or leave it out\n",
	} {
		code, out, errOut := explain(t, strings.Fields(args)...)
		if code != exitInvalid || out != "" || !strings.HasPrefix(errOut, want) {
			t.Errorf("explain %s: exit code %d, %s%s\nwant %s", args, code, out, errOut, want)
		}
	}
}

func TestExplainAsData(t *testing.T) {
	page, err := finding.PageOf(finding.NoPrefix)
	if err != nil {
		t.Fatal(err)
	}
	other, err := finding.PageOf(finding.PodHangs)
	if err != nil {
		t.Fatal(err)
	}
	for format, unmarshal := range map[string]func(string, any) error{
		"json": func(text string, v any) error { return json.Unmarshal([]byte(text), v) },
		"yaml": func(text string, v any) error { return yaml.Unmarshal([]byte(text), v) },
	} {
		var one finding.Page
		_, out, _ := explain(t, "EGR101", "-o", format)
		if err := unmarshal(out, &one); err != nil || one != page {
			t.Errorf("-o %s: %v in %s", format, err, out)
		}
		var several []finding.Page
		_, out, _ = explain(t, "EGR101", "EGR210", "-o", format)
		if err := unmarshal(out, &several); err != nil || !reflect.DeepEqual(several, []finding.Page{page, other}) {
			t.Errorf("-o %s of two: %v in %s", format, err, out)
		}
		var all []finding.Entry
		_, out, _ = explain(t, "-o", format)
		if err := unmarshal(out, &all); err != nil || !reflect.DeepEqual(all, finding.Catalogue()) {
			t.Errorf("-o %s of all: %v in %s", format, err, out)
		}
	}
}

func TestExplainLists(t *testing.T) {
	code, out, errOut := explain(t)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if code != exitDone || errOut != "" || len(lines) != len(finding.Catalogue())+1 {
		t.Fatalf("exit code %d, %d lines%s", code, len(lines), errOut)
	}
	for i, entry := range finding.Catalogue() {
		if want := string(entry.Code) + " " + entry.Levels() + " " + entry.Title; strings.Join(strings.Fields(lines[i+1]), " ") != want {
			t.Errorf("line %d is %q, want %q", i+1, lines[i+1], want)
		}
	}
}

func TestExplainCompletes(t *testing.T) {
	for typed, want := range map[string]string{
		"EGR117":        "EGR117\ta destination or the gateway is a node of the cluster, in the router's own subnet\n:4\n",
		"egr118":        "EGR118\tmacvlan mode Passthru takes the node's own interface\n:4\n",
		"EGR118 EGR118": ":4\n",
		"x":             ":4\n",
	} {
		if got := complete(t, append([]string{"explain"}, strings.Fields(typed)...)...); got != want {
			t.Errorf("explain %s is completed with %q, want %q", typed, got, want)
		}
	}
	if got, want := complete(t, "explain", "-o", ""), "json\nyaml\n:4\n"; got != want {
		t.Errorf("-o is completed with %q, want %q", got, want)
	}
}
