package cmd

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

var update = flag.Bool("update", false, "write what the command says into testdata")

// TestInvocations runs what needs no server, and no cluster. Each entry of the file is a command line behind "$ ", what
// is typed into it behind "< ", its exit code, and what it writes: stdout behind "  ", stderr behind "! ".
func TestInvocations(t *testing.T) {
	const file = "testdata/invocations.txt"
	for _, name := range []string{"OS_CLOUD", "OS_AUTH_URL", "GOVC_URL", "KUBERNETES_SERVICE_HOST"} {
		t.Setenv(name, "")
	}
	t.Setenv("KUBECONFIG", "/nowhere")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for want := range strings.SplitSeq(strings.TrimPrefix(string(data), "$ "), "\n$ ") {
		want = "$ " + strings.TrimRight(want, "\n") + "\n"
		got := invoked(t, want)
		all.WriteString(got + "\n")
		if got != want && !*update {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimSuffix(all.String(), "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// invoked runs the command line of an entry, and writes the entry as it comes out.
func invoked(t *testing.T, entry string) string {
	t.Helper()
	lines := strings.Split(entry, "\n")
	streams, stdin, stdout, stderr := genericiooptions.NewTestIOStreams()
	got := lines[0] + "\n"
	for _, line := range lines[1:] {
		if typed, ok := strings.CutPrefix(line, "< "); ok {
			got += line + "\n"
			stdin.WriteString(typed + "\n")
		}
	}
	args := append([]string{"/bin/kubectl-egress"}, strings.Fields(strings.TrimPrefix(lines[0], "$ "))...)
	got += fmt.Sprintf("exit %d\n", Main(t.Context(), streams, args, "v0.0.0"))
	for line := range strings.Lines(stdout.String()) {
		got += "  " + line
	}
	for line := range strings.Lines(stderr.String()) {
		got += "! " + line
	}
	return got
}
