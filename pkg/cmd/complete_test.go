package cmd

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// complete is what the shim answers to kubectl.
func complete(t *testing.T, args ...string) string {
	t.Helper()
	streams, _, out, _ := genericiooptions.NewTestIOStreams()
	if code := Main(t.Context(), streams, append([]string{"/bin/kubectl_complete-egress"}, args...), "v0.0.0"); code != 0 {
		t.Errorf("completing %q: exit code %d", args, code)
	}
	return out.String()
}

// A server that does not answer keeps nobody waiting, and the silence is not explained.
func TestCompletionHasNoPatience(t *testing.T) {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended }))
	defer server.Close()
	defer close(ended)
	t.Setenv("KUBECONFIG", "")
	begun := time.Now()
	if got := complete(t, "expose", "--server", server.URL, ""); got != ":4\n" {
		t.Errorf("got %q, want no names", got)
	}
	if took := time.Since(begun); took > completionPatience+5*time.Second {
		t.Errorf("it took %s, want about %s", took, completionPatience)
	}
}

// Each verb with -o says what it takes: a new one must not offer what it refuses.
func TestCompletionOfOutput(t *testing.T) {
	root := NewRootCommand(genericiooptions.NewTestIOStreamsDiscard(), "kubectl egress", "")
	for _, verb := range root.Commands() {
		if verb.Flags().Lookup("output") == nil {
			continue
		}
		choices := strings.Fields(complete(t, verb.Name(), "-o", ""))
		if len(choices) < 2 {
			t.Errorf("%s -o has no choices", verb.Name())
		}
		for _, choice := range choices[:len(choices)-1] {
			streams, _, _, errOut := genericiooptions.NewTestIOStreams()
			Main(t.Context(), streams, []string{"kubectl-egress", verb.Name(), "-o", choice, "--kubeconfig", "gone", "x"}, "")
			if strings.Contains(errOut.String(), "-o "+choice+" is unknown") || strings.Contains(errOut.String(), "unable to match a printer") {
				t.Errorf("%s -o offers %s, which it refuses: %s", verb.Name(), choice, errOut)
			}
		}
	}
}

// Files are offered for nothing but the flags that take them.
func TestCompletionOfFiles(t *testing.T) {
	for _, verb := range NewRootCommand(genericiooptions.NewTestIOStreamsDiscard(), "kubectl egress", "").Commands() {
		if got := complete(t, verb.Name(), "x", "y", ""); !strings.HasSuffix(got, ":4\n") {
			t.Errorf("the arguments of %s are completed with %q", verb.Name(), got)
		}
	}
	for flag, want := range map[string]cobra.ShellCompDirective{
		"--address": cobra.ShellCompDirectiveNoFileComp, "--token": cobra.ShellCompDirectiveNoFileComp,
		"--kubeconfig": cobra.ShellCompDirectiveDefault, "--redirect-file": cobra.ShellCompDirectiveDefault,
		"--filename": cobra.ShellCompDirectiveFilterFileExt, "--kustomize": cobra.ShellCompDirectiveFilterDirs,
	} {
		if got := complete(t, "create", flag, ""); !strings.HasSuffix(got, fmt.Sprintf(":%d\n", want)) {
			t.Errorf("create %s is completed with %q, want the directive %d", flag, got, want)
		}
	}
}
