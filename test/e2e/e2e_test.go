// Package e2e holds the transcripts of the built command against real servers: each file of testdata is a
// session as a user types it, in a namespace of its own.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
	"github.com/kubectl-egress/kubectl-egress/test/transcript"
)

var update = flag.Bool("update", false, "rewrite the expected output in the transcripts")

func TestOpenShift(t *testing.T) { run(t, "openshift", lab.Options{OpenShift: true}) }

func TestVanilla(t *testing.T) { run(t, "vanilla", lab.Options{}) }

// TestHostile plays what tenants forge, which is told to everybody in the cluster.
func TestHostile(t *testing.T) { run(t, "hostile", lab.Options{}) }

func TestWithoutMultus(t *testing.T) { run(t, "nomultus", lab.Options{NoMultus: true}) }

// TestClusterWide plays what changes the whole cluster, in one that nobody else uses.
func TestClusterWide(t *testing.T) {
	for _, release := range []string{"4.21.9", "4.22.0"} { // Degraded at once, and after two minutes
		t.Run(release, func(t *testing.T) { run(t, "clusterwide", lab.Options{OpenShift: true, Release: release}) })
	}
}

// TestOperatorRestart plays what restarts the network operator, which forgets what it has said of all routers.
func TestOperatorRestart(t *testing.T) {
	run(t, "operatorrestart", lab.Options{OpenShift: true, Release: "4.21.9"})
}

// TestTrust plays the admission policy, which is for a whole cluster.
func TestTrust(t *testing.T) { run(t, "trust", lab.Options{OpenShift: true}) }

// TestCalico plays what is different where the pod network is Calico's.
func TestCalico(t *testing.T) {
	notes := map[string]map[string]string{}
	for i, name := range lab.Nodes() {
		notes[name] = map[string]string{"projectcalico.org/IPv4Address": fmt.Sprintf("192.168.12.%d/24", 11+i)}
	}
	run(t, "calico", lab.Options{Network: "k8s-pod-network", Annotations: notes})
}

func run(t *testing.T, folder string, o lab.Options) {
	play(t, folder, o, func(*testscript.Env) error { return nil }, nil)
}

// startLab starts a lab that ends with t.
func startLab(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	l, err := lab.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// play plays the transcripts in a folder of testdata, side by side, in one cluster. prepare gives each what it
// needs beside a namespace and a way to the cluster, and more are commands beside those of all.
func play(t *testing.T, folder string, o lab.Options, prepare func(*testscript.Env) error, more map[string]func(*testscript.TestScript, bool, []string)) {
	l := startLab(t, o)
	bin := binaries(t)
	known := commands(l)
	maps.Copy(known, more)
	t.Run("transcripts", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir:           filepath.Join("testdata", folder),
			UpdateScripts: *update,
			Setup: func(e *testscript.Env) error {
				return errors.Join(setup(e, l, bin), prepare(e))
			},
			Cmds: known,
		})
	})
}

// binaries builds the command into a folder, with its link for oc and the servers' own kubectl beside it.
func binaries(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "kubectl-egress"), "../../cmd/kubectl-egress")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the command: %v\n%s", err, out)
	}
	kubectl, err := kube.Kubectl()
	if err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"oc-egress": "kubectl-egress", "kubectl": kubectl} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// session is what one transcript has to itself.
type session struct {
	proxy *apiproxy.Proxy
}

// setup gives a transcript a namespace, named like the file, and a way to the cluster that counts requests.
func setup(e *testscript.Env, l *lab.Lab, bin string) error {
	proxy, err := apiproxy.Start(l.Config)
	if err != nil {
		return err
	}
	e.Defer(func() { _ = proxy.Close() })
	kubeconfig, err := proxy.Kubeconfig(e.WorkDir)
	if err != nil {
		return err
	}
	namespace := strings.TrimPrefix(filepath.Base(e.WorkDir), "script-")
	if out, err := exec.Command(filepath.Join(bin, "kubectl"), "--kubeconfig", l.Kubeconfig, "create", "namespace", namespace).CombinedOutput(); err != nil {
		return fmt.Errorf("making the namespace: %w: %s", err, out)
	}
	e.Values[session{}] = session{proxy}
	e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
	e.Setenv("KUBECONFIG", kubeconfig)
	// A home that can be read: kubectl complains of any other on stderr.
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("ADMIN", l.Kubeconfig)
	e.Setenv("NS", namespace)
	deploy, err := filepath.Abs(filepath.Join("..", "..", "deploy"))
	e.Setenv("ROLES", filepath.Join(deploy, "rbac"))
	e.Setenv("TRUST", filepath.Join(deploy, "trust"))
	return err
}

// commands are what transcripts can do beside testscript's own.
func commands(l *lab.Lab) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":      exits,
		"writes":     writes,
		"requests":   requests,
		"user":       func(ts *testscript.TestScript, _ bool, args []string) { user(ts, l, args) },
		"eventually": transcript.Eventually(30*time.Second, 100*time.Millisecond),
	}
}

// exits CODE COMMAND... runs a command and holds its exit code against CODE.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", strings.Join(args[1:], " "), err)
		}
		code = exit.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// writes N: the transcript has sent N writing requests since it last asked.
func writes(ts *testscript.TestScript, neg bool, args []string) {
	count(ts, neg, args, apiproxy.Request.Write)
}

// requests N: the transcript has sent N requests since it last asked.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	count(ts, neg, args, func(apiproxy.Request) bool { return true })
}

func count(ts *testscript.TestScript, neg bool, args []string, counts func(apiproxy.Request) bool) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: writes N, or requests N")
	}
	proxy := ts.Value(session{}).(session).proxy
	var sent []string
	for _, r := range proxy.Requests() {
		if counts(r) {
			sent = append(sent, r.String())
		}
	}
	proxy.Reset()
	if args[0] != "-" && fmt.Sprint(len(sent)) != args[0] {
		ts.Fatalf("%d requests, want %s:\n%s", len(sent), args[0], strings.Join(sent, "\n"))
	}
}

// user NAME [GROUP...]: from here on the transcript is a user with no rights but those given to it.
func user(ts *testscript.TestScript, l *lab.Lab, args []string) {
	kubeconfig, err := l.User(args[0], args[1:]...)
	ts.Check(err)
	ts.Setenv("KUBECONFIG", kubeconfig)
}
