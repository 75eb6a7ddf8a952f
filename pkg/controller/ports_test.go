package controller_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// pairs are what the nodes' ports allow, "ip mac" by node, sorted.
func (s *site) pairs() map[string][]string {
	out := map[string][]string{}
	allowed := s.allowed()
	for node, id := range s.ports {
		for _, p := range allowed[id] {
			out[node] = append(out[node], p.IP+" "+p.MAC)
		}
		slices.Sort(out[node])
	}
	return out
}

// want is what they should allow for n routers: each where its pod is.
func (s *site) want(n int) map[string][]string {
	out := map[string][]string{}
	for i := range n {
		out[s.at[name(i)]] = append(out[s.at[name(i)]], address(i)+" "+mac(i))
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
}

// await waits until the ports allow want, and nothing else.
func (s *site) await(want map[string][]string) {
	s.Helper()
	s.awaitFor(90*time.Second, want)
}

// awaitFor is await with a patience of its own.
func (s *site) awaitFor(patience time.Duration, want map[string][]string) {
	s.Helper()
	for deadline := time.Now().Add(patience); !same(s.pairs(), want); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("after %s the ports allow %v, want %v", patience, s.pairs(), want)
		}
	}
}

func same(a, b map[string][]string) bool { return maps.EqualFunc(a, b, slices.Equal) }

// puts are the writes of ports since the last reset, by node.
func (s *site) puts() map[string]int {
	out := map[string]int{}
	for _, r := range s.neutron.Requests() {
		for node, id := range s.ports {
			if r.Method == http.MethodPut && strings.HasSuffix(r.Path, id) {
				out[node]++
			}
		}
	}
	return out
}

// record is what is recorded on router i.
func (s *site) record(i int) string {
	s.Helper()
	d := &appsv1.Deployment{}
	if err := s.admin.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: name(i)}, d); err != nil {
		s.Fatal(err)
	}
	return d.Annotations[egress.AnnotationOpenStack]
}

// wantRecord is the record of a router whose one pair is on a node.
func (s *site) wantRecord(i int, node string) string {
	return fmt.Sprintf(`[{"port":%q,"ip":%q,"mac":%q}]`, s.port(node), address(i), mac(i))
}

func (s *site) port(node string) string {
	s.Helper()
	id, ok := s.ports[node]
	if !ok {
		s.Fatalf("no node %s", node)
	}
	return id
}

// awaitRecords waits until the records of n routers are right.
func (s *site) awaitRecords(n int) {
	s.Helper()
	for i := range n {
		s.awaitRecordOf(i)
	}
}

// awaitRecordOf waits until the record of router i names its one pair, where its pod is.
func (s *site) awaitRecordOf(i int) {
	s.Helper()
	var got string
	want := s.wantRecord(i, s.at[name(i)])
	err := kube.Await(s.Context(), "the record is right", func(context.Context) (bool, error) {
		got = s.record(i)
		return got == want, nil
	})
	if err != nil {
		s.Fatalf("router %d: %v: got %s, want %s", i, err, got, want)
	}
}
