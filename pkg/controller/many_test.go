package controller_test

import (
	"fmt"
	"testing"
	"time"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// testMany: however many routers move at once, each port is written once.
func (c *shared) testMany(t *testing.T) {
	const routers = 200
	s := c.newSite(t, fakeneutron.Options{Ports: 8, MaxPairs: 60, Delay: 50 * time.Millisecond})
	many(routers, func(i int) {
		s.standalone(i)
		s.put(i, fmt.Sprintf("worker-%d", 1+i%4))
	})
	p := s.run(func(o *options) { o.neutron.MaxPairs = 60 })
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_pairs 200")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")

	s.neutron.ResetRequests()
	p.atOnce(func() {
		many(routers, func(i int) { s.put(i, fmt.Sprintf("worker-%d", 5+i%4)) })
	})
	moved := time.Now()
	s.await(s.want(routers))
	t.Logf("all is in step %s after it was known", since(moved))
	want := map[string]int{}
	for _, name := range s.names {
		want[name] = 1
	}
	if got := s.puts(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("ports were written %v, want %v", got, want)
	}
	t.Logf("requests to Neutron: %v", s.neutron.Counts())
	s.awaitRecords(routers)
}
