//go:build openstack

package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// TestSyncOnNeutron moves pods on a real Neutron, or on the cloud that OS_CLOUD names.
func TestSyncOnNeutron(t *testing.T) {
	c := start(t, kube.Options{OpenShift: true, Keep: true})
	c.prepare(t, namespace)
	n := startReal(t, 8)
	t.Run("a pod moves", func(t *testing.T) { c.testRealMove(t, n) })
	t.Run("40 pods move at once", func(t *testing.T) { c.testRealMany(t, n) })
	t.Run("two full ports swap their pods", func(t *testing.T) { c.testRealSwap(t, n) })
	t.Run("another checks revisions", func(t *testing.T) { c.testRealRival(t, n) })
	t.Run("another does not check revisions", func(t *testing.T) { c.testRealReckless(t, n) })
	if n.clouds != nil { // a Neutron of our own, that may be killed
		t.Run("Neutron is killed", func(t *testing.T) { c.testRealKilled(t, n) })
	}
}

// testRealMove: the pair follows its pod from node to node, with a write of each port, and is on one of them in the end.
func (c *shared) testRealMove(t *testing.T, n *real) {
	const moves = 6
	s := c.newRealSite(t, n)
	s.standalone(0)
	s.put(0, s.names[0])
	p := s.runOn(n, nil)
	s.await(s.want(1))
	for i := range moves {
		from, to := s.names[i%3], s.names[(i+1)%3]
		s.end(0)
		begun := time.Now()
		s.put(0, to)
		pair := address(0) + " " + mac(0)
		var arrived time.Duration
		for deadline := begun.Add(30 * time.Second); ; {
			pairs := s.pairs()
			there, left := slices.Contains(pairs[to], pair), slices.Contains(pairs[from], pair)
			if there && arrived == 0 {
				arrived = since(begun)
			}
			if there && !left {
				t.Logf("from %s to %s: the new pair is there after %s, the old one gone after %s", from, to, arrived, since(begun))
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the ports allow %v, want %s on %s alone", pairs, pair, to)
			}
			time.Sleep(50 * time.Millisecond)
		}
		s.await(s.want(1))
		s.awaitRecordOf(0)
	}
	p.awaitMetric(fmt.Sprintf(`kubectl_egress_sync_neutron_requests_total{code="200",method="PUT"} %d`, 1+2*moves))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
}

// testRealMany: 40 pods leave four full ports for four empty ones, with a write of each; and then each port of eight
// gets some and gives some away.
func (c *shared) testRealMany(t *testing.T, n *real) {
	const routers = 40
	s := c.newRealSite(t, n)
	many(routers, func(i int) {
		s.standalone(i)
		s.put(i, s.names[i%4])
	})
	p := s.runOn(n, nil)
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_pairs 40")
	s.awaitRecords(routers)
	s.realMoved(p, 8, "ten leave each of four ports for four others", routers, func(i int) string { return s.names[4+i%4] })
	s.realMoved(p, 8, "half of them go back", routers, func(i int) string { return s.names[i%8] })
	// What moves is added first and removed last, so each port is written twice.
	s.realMoved(p, 16, "each of eight ports gets five and gives five", routers, func(i int) string { return s.names[(i+1)%8] })
}

// realMoved moves each router to a node and waits until all is right. So many writes of ports make
// it so; those that came too late or that SQLite was too busy for are repeated, and not counted.
func (s *site) realMoved(p *process, want float64, what string, routers int, to func(i int) string) {
	s.Helper()
	before := p.requests()
	p.atOnce(func() {
		many(routers, func(i int) {
			if s.at[name(i)] != to(i) {
				s.put(i, to(i))
			}
		})
	})
	moved := time.Now()
	s.await(s.want(routers))
	took := since(moved)
	s.awaitRecords(routers)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	made := map[string]float64{}
	for key, n := range p.requests() {
		if n > before[key] {
			made[key] = n - before[key]
		}
	}
	s.Logf("%s: all was in step %s after it was known, with %v", what, took, made)
	if got := made["PUT 200"]; got != want {
		s.Errorf("%s: %v writes of ports, want %v", what, got, want)
	}
}

// requests are those of sync to the cloud, by method and status.
func (p *process) requests() map[string]float64 {
	p.Helper()
	out := map[string]float64{}
	_, body := p.get("/metrics")
	for line := range strings.Lines(body) {
		var code, method string
		var n float64
		line = strings.NewReplacer(`",method="`, " ", `"} `, " ").Replace(line)
		if _, err := fmt.Sscanf(line, `kubectl_egress_sync_neutron_requests_total{code="%s %s %g`, &code, &method, &n); err == nil {
			out[method+" "+code] = n
		}
	}
	return out
}
