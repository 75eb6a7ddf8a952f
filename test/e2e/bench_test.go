package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// bench runs the built command by way of a proxy that a test can tamper with.
type bench struct {
	binary     string
	dir        string
	kubeconfig string
	proxy      *apiproxy.Proxy
	client     client.Client
	// given is how many addresses routers has given away: no two routers of a cluster may have one.
	given int
}

func newBench(t *testing.T, binary string, cfg *rest.Config) *bench {
	t.Helper()
	proxy, err := apiproxy.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	kubeconfig, err := proxy.Kubeconfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := kube.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{binary: binary, dir: dir, kubeconfig: kubeconfig, proxy: proxy, client: c}
}

// result is how a run ended.
type result struct {
	code           int
	stdout, stderr string
	state          *os.ProcessState
}

// run runs the command to its end. started hears of the process.
func (b *bench) run(t *testing.T, started func(*os.Process), args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), b.binary, args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+b.kubeconfig)
	command.Dir, command.Stdout, command.Stderr = b.dir, &stdout, &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if started != nil {
		started(command.Process)
	}
	err := command.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{command.ProcessState.ExitCode(), stdout.String(), stderr.String(), command.ProcessState}
}

// must runs the command and fails the test unless it ends well.
func (b *bench) must(t *testing.T, args ...string) result {
	t.Helper()
	r := b.run(t, nil, args...)
	if r.code != 0 {
		t.Fatalf("%s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r
}

func (b *bench) namespace(ctx context.Context, name string) error {
	return b.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

// routers writes a file of n routers, each in a namespace of its own, which it makes.
func (b *bench) routers(t *testing.T, prefix string, n int) string {
	t.Helper()
	var text strings.Builder
	for i := range n {
		namespace := fmt.Sprintf("%s-%03d", prefix, i)
		if err := b.namespace(t.Context(), namespace); err != nil {
			t.Fatal(err)
		}
		b.given++
		fmt.Fprintf(&text, `---
apiVersion: network.operator.openshift.io/v1
kind: EgressRouter
metadata: {name: partner, namespace: %s}
spec:
  addresses: [{ip: 10.0.%d.%d/16, gateway: 10.0.255.254}]
  redirect:
    redirectRules: [{destinationIP: 203.0.113.26, port: 8080, protocol: TCP, targetPort: 80}]
`, namespace, b.given/256, b.given%256)
	}
	path := filepath.Join(b.dir, prefix+".yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
