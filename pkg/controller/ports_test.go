package controller_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
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

// makeRecords makes the ConfigMaps that the records are in.
func (s *site) makeRecords() {
	s.Helper()
	for i := range 8 {
		shard := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.records, Name: fmt.Sprintf("pairs-%d", i), Labels: apply.RecordLabels()}}
		if err := s.admin.Create(s.Context(), shard); err != nil && !apierrors.IsAlreadyExists(err) {
			s.Fatal(err)
		}
	}
}

// record is what is recorded of router i.
func (s *site) record(i int) string {
	s.Helper()
	shard := &corev1.ConfigMap{}
	if err := s.admin.Get(s.Context(), client.ObjectKey{Namespace: s.records, Name: apply.RecordName(s.namespace + "/" + name(i))}, shard); err != nil {
		s.Fatal(err)
	}
	return shard.Data[s.namespace+"."+name(i)]
}

// setRecord writes the record of router i, as somebody else does.
func (s *site) setRecord(i int, record string) {
	s.Helper()
	shard := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.records, Name: apply.RecordName(s.namespace + "/" + name(i))}}
	text, err := json.Marshal(map[string]any{"data": map[string]string{s.namespace + "." + name(i): record}})
	if err == nil {
		err = s.admin.Patch(s.Context(), shard, client.RawPatch(types.MergePatchType, text))
	}
	if err != nil {
		s.Fatal(err)
	}
}

// wantRecord is the record of a router whose one pair is on a node: none for one that is its own.
func (s *site) wantRecord(i int, node string) string {
	if isOwn(i) {
		return ""
	}
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
