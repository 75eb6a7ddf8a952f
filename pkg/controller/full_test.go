package controller_test

import (
	"fmt"
	"testing"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// testFull: a pod comes to a node whose port has no room. That is said, and tried again until there is some.
func (c *shared) testFull(t *testing.T) {
	const room = 3
	s := c.newSite(t, fakeneutron.Options{Ports: 3, MaxPairs: room})
	for i := range room {
		s.standalone(i)
		s.put(i, "worker-1")
	}
	s.standalone(room)
	s.put(room, "worker-2")
	p := s.run(func(o *options) { o.neutron.MaxPairs = room })
	s.await(s.want(room + 1))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")

	s.put(room, "worker-1")
	p.awaitLog(name(room) + " is not in step: EGR305")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
	s.await(s.want(room))
	s.put(0, "worker-3")
	s.await(s.want(room + 1))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	s.awaitRecords(room + 1)
}

// testSwap: the pods of ports without any room change places, and each port is written once.
func (c *shared) testSwap(t *testing.T) {
	const room = 4
	s := c.newSite(t, fakeneutron.Options{Ports: 3, MaxPairs: room})
	for i := range 3 * room {
		s.standalone(i)
		s.put(i, fmt.Sprintf("worker-%d", 1+i%3))
	}
	p := s.run(func(o *options) { o.neutron.MaxPairs = room })
	s.await(s.want(3 * room))
	p.awaitMetric("kubectl_egress_sync_pairs 12")
	s.neutron.ResetRequests()
	p.atOnce(func() {
		many(3*room, func(i int) { s.put(i, fmt.Sprintf("worker-%d", 1+(i+1)%3)) })
	})
	s.await(s.want(3 * room))
	s.awaitRecords(3 * room)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	if got, want := fmt.Sprint(s.puts()), "map[worker-1:1 worker-2:1 worker-3:1]"; got != want {
		t.Errorf("ports were written %s, want %s", got, want)
	}
}
