package controller_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// testKilled: of two processes the one that leads is killed at a write, while pods move; the other puts all right as soon
// as the Lease has run out.
func (c *shared) testKilled(t *testing.T, path string) {
	const movers, routers = 6, 8
	s := c.newSiteBehind(t, "killed", fakeneutron.Options{Ports: 4})
	for i := range routers {
		s.standalone(i)
		s.put(i, s.names[i%2])
	}
	started := 0
	start := func() *program {
		started++
		p := s.start(path, fmt.Sprintf("sync-%d", started), nil, "-n", s.namespace, "--leader-elect")
		p.said(regexp.MustCompile(`msg="waiting to lead"`))
		return p
	}
	leader := start()
	leader.awaitMetric("kubectl_egress_sync_leader 1")
	s.await(s.want(routers))
	// The write is carried out and nobody hears of it, is never seen, and is one of several.
	for n, cut := range []fakeneutron.Cut{fakeneutron.CutNever, fakeneutron.CutBefore, fakeneutron.CutNever} {
		next := start()
		s.killAt(leader, n+1, cut, movers, routers, next)
		leader = next
	}
}

// killAt kills the leader at its n-th write of a port, and waits until next has put all right.
func (s *site) killAt(leader *program, n int, cut fakeneutron.Cut, movers, routers int, next *program) {
	s.Helper()
	killed := make(chan error, 1)
	s.neutron.Inject(fakeneutron.Fault{
		Match: func(r fakeneutron.Request) bool { return r.Method == http.MethodPut }, Skip: n - 1, Times: 1, Cut: cut,
		Then: func() { killed <- leader.Kill() },
	})
	// All at once, so that several ports are written for it; and one after the other from then on.
	for i := range movers {
		s.put(i, s.names[(n+i)%len(s.names)])
	}
	moving := s.move(movers, routers)
	if err := <-killed; err != nil {
		s.Fatal(err)
	}
	s.Logf("killed at write %d, when the ports allowed %v", n, s.pairs())
	next.awaitMetric("kubectl_egress_sync_leader 1")
	moving.awaitMoves(2 * movers)
	moving.stop()
	s.await(s.want(routers))
	next.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	s.awaitRecords(routers)
	if said := next.lines("level=WARN"); len(said) > 0 {
		s.Errorf("the one that took over complained: %s", strings.Join(said, ""))
	}
}
