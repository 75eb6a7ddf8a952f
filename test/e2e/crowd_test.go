package e2e

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// TestCrowd looks at a cluster with 1,000 routers in 1,000 namespaces, 200 nodes and 3,000 pods: with the
// same lists as for 10 routers, and with less memory than the figure below.
func TestCrowd(t *testing.T) {
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
	if err := lab.Fill(t.Context(), b.client, lab.Crowd{Routers: 10, Pods: 3, Nodes: 200}); err != nil {
		t.Fatal(err)
	}
	few := b.look(t, "preflight")
	if len(few) > 25 {
		t.Errorf("%d requests:\n%s", len(few), strings.Join(few, "\n"))
	}
	if err := lab.Fill(t.Context(), b.client, lab.Crowd{First: 10, Routers: 1000, Pods: 3, Nodes: 200}); err != nil {
		t.Fatal(err)
	}
	b.look(t, "bundle")
	b.look(t, "preflight", "-o", "json")
	b.look(t, "status")
	if many := b.look(t, "preflight"); !slices.Equal(few, many) {
		t.Errorf("for 1,000 routers the lists are\n%s\nfor 10\n%s", strings.Join(many, "\n"), strings.Join(few, "\n"))
	}
}

// peak is what a verb may use of memory, in bytes, whatever the cluster holds.
const peak = 200 << 20 // bytes

// look runs a verb over the whole cluster and gives back what it asked for, without further pages.
func (b *bench) look(t *testing.T, verb string, more ...string) []string {
	t.Helper()
	b.proxy.Reset()
	r := b.must(t, append([]string{verb, "-A"}, more...)...)
	usage, ok := r.state.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("the system does not tell what a process used")
	}
	if rss := usage.Maxrss * 1024; rss > peak {
		t.Errorf("%s: %d MiB of memory, want at most %d", verb, rss>>20, peak>>20)
	} else {
		t.Logf("%s: %d MiB of memory, %d bytes of output", verb, rss>>20, len(r.stdout))
	}
	var lists []string
	pages := 0
	for _, request := range b.proxy.Requests() {
		query, err := url.ParseQuery(request.Query)
		if err != nil {
			t.Fatal(err)
		}
		if query.Get("continue") != "" {
			pages++
			continue
		}
		lists = append(lists, request.String())
	}
	t.Logf("%d requests, and %d further pages", len(lists), pages)
	slices.Sort(lists)
	return lists
}
