//go:build openstack

package controller_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// testRealSwap: ports that are full, and whose pods all change places.
func (c *shared) testRealSwap(t *testing.T, n *real) {
	const routers = 20
	s := c.newRealSite(t, n)
	many(routers, func(i int) {
		s.standalone(i)
		s.put(i, s.names[i%2])
	})
	p := s.runOn(n, nil)
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_pairs 20")
	many(routers, func(i int) { s.put(i, s.names[(i+1)%2]) })
	begun := time.Now()
	s.await(s.want(routers))
	t.Logf("20 pods changed places between two full ports: in step %s later, with %v", since(begun), p.requests())
	s.awaitRecords(routers)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
}

// testRealRival: another adds its pairs to the same ports, and removes some of them, while routers move.
func (c *shared) testRealRival(t *testing.T, n *real) {
	const routers, rounds = 8, 2
	s := c.newRealSite(t, n)
	many(routers, func(i int) {
		s.standalone(i)
		s.put(i, s.names[0])
	})
	p := s.runOn(n, nil)
	s.awaitOurs(routers)
	left := s.interfere(n, func() {
		for round := range rounds {
			many(routers, func(i int) { s.put(i, s.names[(round+i)%4]) })
			s.awaitOurs(routers)
		}
	})
	want := s.want(routers)
	for node, pairs := range left {
		want[node] = append(want[node], pairs...)
		slices.Sort(want[node])
	}
	s.await(want)
	s.awaitRecords(routers)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	t.Logf("requests of sync: %v", p.requests())
}

// testRealReckless: another writes a whole list that it has read before a pod moved. What it took from routers comes back
// with the next comparison; and what it brought back, which nobody recorded any more, is told of.
func (c *shared) testRealReckless(t *testing.T, n *real) {
	const routers = 4
	s := c.newRealSite(t, n)
	many(routers, func(i int) {
		s.standalone(i)
		s.put(i, s.names[i%2])
	})
	p := s.runOn(n, func(o *options) { o.Resync = time.Second })
	s.await(s.want(routers))
	s.awaitRecords(routers)
	theirs := ports.AddressPair{IPAddress: "10.0.199.9", MACAddress: "fa:16:3e:00:00:09"}
	n.change(s, s.port(s.names[0]), false, func(pairs []ports.AddressPair) []ports.AddressPair {
		// Router 0 leaves this port, and router 1 comes to it.
		s.put(0, s.names[1])
		s.put(1, s.names[0])
		s.await(s.want(routers))
		s.awaitRecords(2)
		return append(pairs, theirs)
	})
	begun := time.Now()
	want := s.want(routers)
	want[s.names[0]] = append(want[s.names[0]], theirs.IPAddress+" "+theirs.MACAddress, address(0)+" "+mac(0))
	slices.Sort(want[s.names[0]])
	s.await(want)
	t.Logf("what was taken was back after %s", since(begun))
	p.awaitLog(name(0) + " is not in step: EGR311: MAC " + mac(0) + " is allowed on 2 ports")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
}

// interfere has another write the first four ports while do runs, checking their revisions: each time it adds a pair and
// removes the one before. It gives what must be left of them, by node.
func (s *site) interfere(n *real, do func()) map[string][]string {
	s.Helper()
	ctx, end := context.WithCancel(s.Context())
	var group sync.WaitGroup
	var mu sync.Mutex
	left, writes := map[string][]string{}, 0
	for k, node := range s.names[:4] {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				own := ports.AddressPair{IPAddress: fmt.Sprintf("10.0.199.%d", 1+10*k+i%2), MACAddress: fmt.Sprintf("fa:16:3e:00:%02x:%02x", k, i%2)}
				n.change(s, s.port(node), true, func(pairs []ports.AddressPair) []ports.AddressPair {
					time.Sleep(20 * time.Millisecond) // for others to come between
					pairs = slices.DeleteFunc(pairs, func(p ports.AddressPair) bool { return strings.HasPrefix(p.IPAddress, "10.0.199.") })
					return append(pairs, own)
				})
				mu.Lock()
				left[node], writes = []string{own.IPAddress + " " + own.MACAddress}, writes+1
				mu.Unlock()
				time.Sleep(400 * time.Millisecond)
			}
		})
	}
	do()
	end()
	group.Wait()
	s.Logf("another wrote %d times", writes)
	return left
}
