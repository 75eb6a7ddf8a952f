package controller_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// testMove: a router's pair follows its pod, and goes with the router; where nobody saw the router go, one that is recorded
// goes as soon as somebody looks, and one that is its own record stays.
func (c *shared) testMove(t *testing.T) {
	s := c.newSite(t, fakeneutron.Options{Ports: 3, Delay: 50 * time.Millisecond})
	d := s.standalone(0)
	s.put(0, "worker-1")
	p := s.run(nil)
	s.await(s.want(1))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")

	s.neutron.ResetRequests()
	begun := time.Now()
	s.put(0, "worker-2")
	s.await(s.want(1))
	t.Logf("in step %s after the pod was made, with 50 ms for each call", since(begun))
	s.awaitRecord("worker-2")
	if got, want := fmt.Sprint(s.puts()), "map[worker-1:1 worker-2:1]"; got != want {
		t.Errorf("ports were written %s, want %s", got, want)
	}
	s.awaitEvents(map[string]int{"PairAdded worker-1": 1, "PairAdded worker-2": 1, "PairRemoved worker-2": 1})
	for _, line := range []string{
		`kubectl_egress_sync_neutron_requests_total{code="200",method="PUT"} 3`, "kubectl_egress_sync_leader 1",
		"kubectl_egress_sync_routers 1", "kubectl_egress_sync_pairs 1", "kubectl_egress_sync_delay_seconds_count 2",
	} {
		p.awaitMetric(line)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := p.get(path); status != 200 || body != "ok\n" {
			t.Errorf("%s: got %d %q", path, status, body)
		}
	}

	// Another's hand takes the pair away: the next full comparison fixes that.
	s.end(0)
	s.delete(d)
	s.await(map[string][]string{})

	recorded, own := s.standalone(1), s.standalone(2)
	s.put(1, "worker-3")
	s.put(2, "worker-3")
	s.await(map[string][]string{"worker-3": {address(1) + " " + mac(1), address(2) + " " + mac(2)}})
	p.stop()
	s.delete(recorded)
	s.delete(own)
	s.end(1)
	s.end(2)
	again := s.run(nil)
	again.awaitMetric(`kubectl_egress_sync_passes_total{result="ok"} 1`)
	s.await(map[string][]string{"worker-3": {address(2) + " " + mac(2)}})
	if got := s.record(1); got != "" {
		t.Errorf("of the router that is gone there is still the record %s", got)
	}
	again.stop()

	// Of one that is seen to go it goes too.
	own = s.standalone(2)
	s.put(2, "worker-1")
	s.run(nil)
	s.await(map[string][]string{"worker-1": {address(2) + " " + mac(2)}})
	s.delete(own)
	s.end(2)
	s.await(map[string][]string{})
}

// testDrift: what another undoes is fixed by the next full comparison.
func (c *shared) testDrift(t *testing.T) {
	s := c.newSite(t, fakeneutron.Options{Ports: 2})
	s.standalone(0)
	s.put(0, "worker-1")
	s.run(func(o *options) { o.Resync = time.Second })
	s.await(s.want(1))
	s.awaitRecord("worker-1")
	theirs := fakeneutron.Pair{IP: "10.0.199.9", MAC: "fa:16:3e:00:00:09"}
	s.neutron.SetPairs(s.port("worker-1"), []fakeneutron.Pair{theirs})
	s.await(map[string][]string{"worker-1": {theirs.IP + " " + theirs.MAC, address(0) + " " + mac(0)}})
}

// awaitRecord waits until the record of the first router names its one pair, on a node.
func (s *site) awaitRecord(node string) {
	s.Helper()
	err := kube.Await(s.Context(), "the record is right", func(context.Context) (bool, error) {
		return s.record(0) == s.wantRecord(0, node), nil
	})
	if err != nil {
		s.Fatalf("%v: got %s, want %s", err, s.record(0), s.wantRecord(0, node))
	}
}

// awaitEvents waits until the Events on routers are so many, by reason and node.
func (s *site) awaitEvents(want map[string]int) {
	s.Helper()
	var got map[string]int
	err := kube.Await(s.Context(), "the events are there", func(ctx context.Context) (bool, error) {
		var list eventsv1.EventList
		if err := s.admin.List(ctx, &list, client.InNamespace(s.namespace)); err != nil {
			return false, err
		}
		got = map[string]int{}
		for _, e := range list.Items {
			if e.ReportingController == controller.Name && e.Related != nil && slices.Contains([]string{"Deployment", "EgressRouter"}, e.Regarding.Kind) {
				got[e.Reason+" "+e.Related.Name]++
			}
		}
		return fmt.Sprint(got) == fmt.Sprint(want), nil
	})
	if err != nil {
		s.Fatalf("%v: got %v, want %v", err, got, want)
	}
}
