package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// testFault: what is wrong with one router holds up no other one: a port that refuses what is written for several
// together, a record that nobody can read, a node that Neutron does not know, and a description that is none.
func (c *shared) testFault(t *testing.T) {
	const room, routers = 10, 12
	s := c.newSite(t, fakeneutron.Options{Ports: 3, MaxPairs: room})
	for i := range routers {
		s.standalone(i)
		s.put(i, "worker-1")
	}
	broken, lost, unread := routers, routers+1, routers+2
	s.standalone(broken)
	s.put(broken, "worker-2")
	s.setRecord(broken, "not a record")
	s.standalone(lost)
	s.put(lost, "elsewhere")
	d := s.standalone(unread)
	s.patch(d, egress.AnnotationRouter, "not a router")
	s.standalone(unread + 1)
	s.put(unread+1, "worker-3")

	// The cloud allows fewer pairs than was said, so that the fault shows only when all are written.
	p := s.run(func(o *options) {
		o.neutron.MaxPairs, o.Backoff, o.LongestBackoff = 50, time.Hour, time.Hour
	})
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 5")
	got := s.pairs()
	if len(got["worker-1"]) != room || len(got["worker-2"]) != 0 || fmt.Sprint(got["worker-3"]) != fmt.Sprintf("[%s %s]", address(unread+1), mac(unread+1)) {
		t.Errorf("the ports allow %v", got)
	}
	for i := range routers {
		want := ""
		if slices.Contains(got["worker-1"], address(i)+" "+mac(i)) {
			want = s.wantRecord(i, "worker-1")
		}
		if s.record(i) != want {
			t.Errorf("the record of router %d is %q, want %q", i, s.record(i), want)
		}
	}
	for _, word := range []string{"AddressPairExhausted", name(broken) + " is not in step: what ConfigMap", name(lost) + " is not in step: EGR", "reading the annotation " + egress.AnnotationRouter} {
		if word == "AddressPairExhausted" {
			word = "as many pairs as this cloud allows"
		}
		p.awaitLog(word)
	}
	// What was recorded in vain and taken back is no news to act on.
	s.neutron.ResetRequests()
	time.Sleep(time.Second)
	if sent := s.neutron.Requests(); len(sent) > 0 {
		t.Errorf("before it was time to try again, and without news, Neutron was asked %v", sent)
	}
	// There is room as soon as one moves.
	s.put(0, "worker-3")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 4")
	if strings.Contains(fmt.Sprint(s.pairs()["worker-1"]), address(0)+" ") {
		t.Errorf("worker-1 still allows %s", address(0))
	}
}

// patch sets an annotation.
func (s *site) patch(o client.Object, annotation, value string) {
	s.Helper()
	patch := client.MergeFrom(o.DeepCopyObject().(client.Object))
	annotations := o.GetAnnotations()
	annotations[annotation] = value
	o.SetAnnotations(annotations)
	if err := s.admin.Patch(s.Context(), o, patch); err != nil {
		s.Fatal(err)
	}
}
