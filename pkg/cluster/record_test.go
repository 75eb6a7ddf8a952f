package cluster_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

const pairs = `[{"port":"1f0c","ip":"192.168.15.99","mac":"02:e6:c0:a8:0f:63"}]`

// testRecord: what is recorded on a router of either provisioner is read back, outlives that it is applied
// again, and goes when it is taken back; each with one write, and none where it stands already.
func (s *server) testRecord(t *testing.T) {
	for _, provisioner := range []egress.Provisioner{egress.Operator, egress.Standalone} {
		t.Run(string(provisioner), func(t *testing.T) {
			namespace := "record-" + string(provisioner)
			s.namespace(t, namespace)
			r := newRouter(namespace, "partner-a", "192.168.15.99/24", "192.168.15.1")
			if err := serve(t.Context(), s.client, r, provisioner); err != nil {
				t.Fatal(err)
			}
			s.recordAndCheck(t, namespace, pairs, 1)
			s.recordAndCheck(t, namespace, pairs, 0)
			s.applyUnchanged(t, namespace, provisioner)
			// A change of the router is none of the record.
			r.Spec.Redirect.RedirectRules[0].TargetPort = 81
			if err := serve(t.Context(), s.client, r, provisioner); err != nil {
				t.Fatal(err)
			}
			if got := s.read(t, namespace).Annotations[egress.AnnotationOpenStack]; got != pairs {
				t.Errorf("after a change the record is %q", got)
			}
			s.recordsBeforeShown(t, namespace)
			s.recordAndCheck(t, namespace, "", 1)
			s.recordAndCheck(t, namespace, "", 0)
			s.recordOnAnother(t, namespace)
		})
	}
}

// read is the one router of a namespace, as the checks see it.
func (s *server) read(t *testing.T, namespace string) snapshot.Router {
	t.Helper()
	got, err := read.Snapshot(t.Context(), s.client, read.Options{Namespace: namespace, Checks: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Routers) != 1 {
		t.Fatalf("%d routers in %s", len(got.Routers), namespace)
	}
	return got.Routers[0]
}

func (s *server) writes() int {
	n := 0
	for _, r := range s.proxy.Requests() {
		if r.Write() {
			n++
		}
	}
	return n
}

func (s *server) recordAndCheck(t *testing.T, namespace, value string, writes int) {
	t.Helper()
	r := s.read(t, namespace)
	s.proxy.Reset()
	if err := apply.Record(t.Context(), s.client, r, egress.AnnotationOpenStack, value); err != nil {
		t.Fatal(err)
	}
	if got := s.writes(); got != writes || len(s.proxy.Requests()) != writes {
		t.Errorf("recording %q: requests %v, want %d", value, s.proxy.Requests(), writes)
	}
	got, there := s.read(t, namespace).Annotations[egress.AnnotationOpenStack]
	if got != value || there != (value != "") {
		t.Errorf("the record is %q (%t), want %q", got, there, value)
	}
}

// applyUnchanged applies the router as it was: it conflicts with nobody and writes nothing.
func (s *server) applyUnchanged(t *testing.T, namespace string, provisioner egress.Provisioner) {
	t.Helper()
	s.proxy.Reset()
	done, err := applyRouter(t.Context(), s.client, newRouter(namespace, "partner-a", "192.168.15.99/24", "192.168.15.1"), provisioner)
	if err != nil {
		t.Fatal(err)
	}
	changed := slices.ContainsFunc(done, func(a apply.Applied) bool { return a.Result != apply.Unchanged })
	if changed || s.writes() != 0 {
		t.Errorf("%d writes, results %+v", s.writes(), done)
	}
}

// recordOnAnother: a router that was created again, or is gone, is not written to.
func (s *server) recordOnAnother(t *testing.T, namespace string) {
	t.Helper()
	r := s.read(t, namespace)
	r.UID = "00000000-0000-0000-0000-000000000000"
	if err := apply.Record(t.Context(), s.client, r, egress.AnnotationOpenStack, pairs); err == nil || !strings.Contains(err.Error(), "it was created again since it was read") {
		t.Errorf("another of that name: %v", err)
	}
	r.Name = "partner-z"
	if err := apply.Record(t.Context(), s.client, r, egress.AnnotationOpenStack, pairs); !errors.Is(err, cluster.ErrNotFound) {
		t.Errorf("none of that name: %v", err)
	}
}

// recordsBeforeShown: what was written counts for more than what was read before, until the server itself has shown another.
func (s *server) recordsBeforeShown(t *testing.T, namespace string) {
	t.Helper()
	r := s.read(t, namespace)
	name := egress.Key(&r.EgressRouter)
	records := apply.NewRecords(s.client, egress.AnnotationOpenStack, []snapshot.Router{r})
	s.proxy.Reset()
	for i, value := range []string{"[]", pairs, "[]"} {
		if err := records.Save(t.Context(), name, value); err != nil {
			t.Fatal(err)
		}
		if got, known := records.Load(name); got != value || !known || s.writes() != i+1 {
			t.Errorf("after %d writes the record is %q (%t), want %q", s.writes(), got, known, value)
		}
	}
	records.Confirm([]snapshot.Router{r})
	if got, _ := records.Load(name); got != pairs {
		t.Errorf("confirmed, the record is %q, want %q", got, pairs)
	}
	if _, known := records.Load(namespace + "/partner-z"); known {
		t.Error("another router can be recorded on")
	}
}
