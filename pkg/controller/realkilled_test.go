//go:build openstack

package controller_test

import (
	"fmt"
	"testing"
	"time"
)

// testRealKilled: Neutron's server is killed while pods move, twice, and started again with the data that
// it had. No pair comes to be where its pod has never been, none is lost of a pod that stays, and all is caught up.
func (c *shared) testRealKilled(t *testing.T, n *real) {
	const movers, routers, nodes = 6, 8, 4
	s := c.newRealSite(t, n)
	for i := range routers {
		s.standalone(i)
		s.put(i, s.names[i%nodes])
	}
	p := s.runOn(n, nil)
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	for range 2 {
		moving := s.move(movers, routers)
		moving.awaitMoves(movers)
		if err := n.KillNeutron(); err != nil {
			t.Fatal(err)
		}
		moving.awaitMoves(2 * movers)
		begun := time.Now()
		if err := n.StartNeutron(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("Neutron was back %s after it was started", since(begun))
		moving.awaitMoves(movers)
		moving.stop()
		begun = time.Now()
		s.await(s.want(routers))
		t.Logf("all was right %s after the last move; requests of sync: %v", since(begun), p.requests())
		s.awaitRecords(routers)
		p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
		p.awaitMetric(fmt.Sprintf("kubectl_egress_sync_pairs %d", routers))
	}
}
