package controller_test

import (
	"fmt"
	"testing"
	"time"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// usage is what a process has in use once nothing is under way.
type usage struct {
	heap, goroutines, files float64
}

// measure takes the least of several looks: between two collections the heap grows, and connections come and go.
func (p *program) measure() usage {
	p.Helper()
	var least usage
	for i := range 15 {
		time.Sleep(100 * time.Millisecond)
		now := usage{p.sum("go_memstats_heap_alloc_bytes"), p.sum("go_goroutines"), p.sum("process_open_fds")}
		if i == 0 {
			least = now
		}
		least = usage{min(least.heap, now.heap), min(least.goroutines, now.goroutines), min(least.files, now.files)}
	}
	return least
}

// testMemory: after 1,000 moves the process has no more in memory than after 200, no more goroutines and no more open
// files, which connections are.
func (c *shared) testMemory(t *testing.T, path string) {
	const routers, rounds = 50, 20
	s := c.newSiteBehind(t, "memory", fakeneutron.Options{Ports: 4, MaxPairs: 60})
	many(routers, func(i int) {
		s.standalone(i)
		s.put(i, s.names[0])
	})
	// A collector this eager leaves little in the heap that nobody needs.
	p := s.start(path, "sync", []string{"GOGC=10"}, "--max-pairs", "60")
	s.await(s.want(routers))
	var early usage
	for round := range rounds {
		many(routers, func(i int) { s.put(i, s.names[(round+i)%4]) })
		s.await(s.want(routers))
		s.neutron.ResetRequests()
		p.proxy.Reset()
		if round == rounds/5-1 {
			early = p.measure()
		}
	}
	late := p.measure()
	t.Logf("after %d moves: %+v; after %d: %+v", routers*rounds/5, early, routers*rounds, late)
	if early.heap == 0 || late.heap > early.heap+early.heap/4+1<<20 {
		t.Errorf("the heap grew from %.0f to %.0f bytes", early.heap, late.heap)
	}
	// One that was left behind in each of the later rounds would show.
	const slack = rounds / 2
	if early.goroutines == 0 || late.goroutines > early.goroutines+slack {
		t.Errorf("there were %.0f goroutines, and are %.0f", early.goroutines, late.goroutines)
	}
	if early.files == 0 || late.files > early.files+slack {
		t.Errorf("there were %.0f open files, and are %.0f", early.files, late.files)
	}
	p.awaitMetric(fmt.Sprintf("kubectl_egress_sync_pairs %d", routers))
	s.awaitRecords(routers)
}
