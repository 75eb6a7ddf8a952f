package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// TestBulk applies many routers at once: with as few requests as there can be, and through whatever a
// server does to them.
func TestBulk(t *testing.T) {
	cluster, err := kube.Start(t.Context(), kube.Options{OpenShift: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	b := newBench(t, filepath.Join(binaries(t), "kubectl-egress"), cluster.Config)
	t.Run("requests", b.testRequests)
	t.Run("one failure", b.testOneFailure)
	t.Run("faults", b.testFaults)
	t.Run("outage", b.testOutage)
}

// testRequests: one request per object, and a handful; none for an object that is as it was asked.
func (b *bench) testRequests(t *testing.T) {
	const n = 40
	tests := []struct {
		name string
		args []string
		// lists are what is read, before and, of the operator's, once afterwards; writes what is applied for each router.
		lists, writes int
	}{
		{"operator", nil, 10, 1},
		{"exposed", []string{"--expose"}, 12, 2},
		{"standalone", []string{"--provisioner=standalone", "--expose"}, 9, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"create", "-f", b.routers(t, "requests-"+test.name, n)}, test.args...)
			b.proxy.Reset()
			r := b.must(t, args...)
			b.checkRequests(t, test.lists+n*test.writes, n*test.writes)
			if want := fmt.Sprintf("%d routers: %d created, 0 configured, 0 unchanged, 0 failed\n", n, n); r.stderr != want {
				t.Errorf("said %q, want %q", r.stderr, want)
			}
			if lines := strings.Count(r.stdout, " created\n"); lines != n*test.writes {
				t.Errorf("%d lines, want one for each of %d objects:\n%s", lines, n*test.writes, r.stdout)
			}
			r = b.must(t, args...)
			b.checkRequests(t, test.lists, 0)
			if want := fmt.Sprintf("%d routers: 0 created, 0 configured, %d unchanged, 0 failed\n", n, n); r.stderr != want {
				t.Errorf("said %q, want %q", r.stderr, want)
			}
		})
	}
}

// checkRequests counts what was sent since the last count.
func (b *bench) checkRequests(t *testing.T, all, writes int) {
	t.Helper()
	wrote := 0
	var sent []string
	for _, r := range b.proxy.Requests() {
		if r.Write() {
			wrote++
		}
		sent = append(sent, r.String())
	}
	b.proxy.Reset()
	if len(sent) != all || wrote != writes {
		t.Errorf("%d requests, %d of them writes; want %d and %d:\n%s", len(sent), wrote, all, writes, strings.Join(sent, "\n"))
	}
}

// testOneFailure: a router that is refused does not stop the others, and is named.
func (b *bench) testOneFailure(t *testing.T) {
	file := b.routers(t, "failure", 10)
	foreign := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}}}
	foreign.Namespace, foreign.Name = "failure-004", "partner"
	if err := b.client.Create(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	r := b.run(t, nil, "create", "-f", file, "--expose")
	if r.code != 1 || !strings.Contains(r.stderr, "error: router failure-004/partner: service/partner in namespace failure-004 was made by another") ||
		!strings.HasSuffix(r.stderr, "10 routers: 9 created, 0 configured, 0 unchanged, 1 failed\n") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	if n := b.count(t, "failure-"); n != 9 {
		t.Errorf("%d routers in the cluster, want 9", n)
	}
}

// count is how many routers there are in the namespaces that begin with prefix.
func (b *bench) count(t *testing.T, prefix string) int {
	t.Helper()
	var list nov1.EgressRouterList
	if err := b.client.List(t.Context(), &list, client.UnsafeDisableDeepCopy); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range list.Items {
		if strings.HasPrefix(r.Namespace, prefix) {
			n++
		}
	}
	return n
}

// testFaults: a server that is slow, busy, broken, or cuts connections, on writes and on reads.
func (b *bench) testFaults(t *testing.T) {
	faults := map[string]apiproxy.Fault{
		"slow":    {Delay: 300 * time.Millisecond},
		"busy":    {Status: http.StatusTooManyRequests, RetryAfter: 1},
		"broken":  {Status: http.StatusInternalServerError},
		"away":    {Status: http.StatusServiceUnavailable},
		"dropped": {Drop: true},
		"lost":    {LoseAnswer: true},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			const n = 20
			file := b.routers(t, "fault-"+name, n)
			b.proxy.Reset()
			b.proxy.Tamper(func(n int, _ apiproxy.Request) apiproxy.Fault {
				if n%3 == 1 {
					return fault
				}
				return apiproxy.Fault{}
			})
			defer b.proxy.Tamper(nil)
			r := b.must(t, "create", "-f", file)
			if want := fmt.Sprintf("%d routers: %d created, 0 configured, 0 unchanged, 0 failed\n", n, n); r.stderr != want {
				t.Errorf("said %q, want %q", r.stderr, want)
			}
			if got := b.count(t, "fault-"+name); got != n {
				t.Errorf("%d routers in the cluster, want %d", got, n)
			}
		})
	}
}

// testOutage: the API server goes away in the middle and comes back, as when it restarts.
func (b *bench) testOutage(t *testing.T) {
	const n = 500
	file := b.routers(t, "outage", n)
	b.proxy.Reset()
	var once atomic.Bool
	over := make(chan error, 1)
	b.proxy.Tamper(func(i int, _ apiproxy.Request) apiproxy.Fault {
		if i == n/2 && once.CompareAndSwap(false, true) {
			go func() { over <- b.proxy.Outage(3 * time.Second) }()
		}
		return apiproxy.Fault{Delay: 20 * time.Millisecond}
	})
	defer b.proxy.Tamper(nil)
	r := b.must(t, "create", "-f", file)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d routers: %d created, 0 configured, 0 unchanged, 0 failed\n", n, n); r.stderr != want {
		t.Errorf("said %q, want %q", r.stderr, want)
	}
	if got := b.count(t, "outage-"); got != n {
		t.Errorf("%d routers in the cluster, want %d", got, n)
	}
}
