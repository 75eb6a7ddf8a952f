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
	p := s.run(func(o *options) {
		o.neutron.MaxPairs = 60
		// Two cores that run servers and other tests take a while to make 200 pods: that is "at once" here.
		o.Quiet, o.Patience = 3*time.Second, time.Minute
	})
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_pairs 200")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")

	s.neutron.ResetRequests()
	begun := time.Now()
	many(routers, func(i int) { s.put(i, fmt.Sprintf("worker-%d", 5+i%4)) })
	moved := time.Now()
	s.await(s.want(routers))
	t.Logf("moving took %s; all is in step %s later", moved.Sub(begun).Round(time.Millisecond), since(moved))
	want := map[string]int{}
	for _, name := range s.names {
		want[name] = 1
	}
	if got := s.puts(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("ports were written %v, want %v", got, want)
	}
	t.Logf("requests to Neutron: %v", s.neutron.Counts())
	// The records come after the writes.
	deadline := time.Now().Add(30 * time.Second)
	for i := range routers {
		want := s.wantRecord(i, s.at[name(i)])
		for got := s.record(i); got != want; got = s.record(i) {
			if time.Now().After(deadline) {
				t.Fatalf("router %d: the record is %s, want %s", i, got, want)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}
