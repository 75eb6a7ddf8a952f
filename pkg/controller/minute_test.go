package controller_test

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// away is how long Neutron is.
const away = time.Minute

// requestsAway is how many requests Neutron may get in that time. With pauses of 1, 2, 4, 8 and then 15 s there are eight
// tries at most; each asks one thing, six times where it is answered or was before.
const requestsAway = 8 * 6

// testAway: while Neutron is away for a minute, in one way, it is asked with pauses and one line says so; as soon as it is
// back, all is caught up. The pauses are those that users have.
func (c *shared) testAway(t *testing.T, namespace string, leave func(*site) (back func())) {
	const movers, routers = 4, 6
	s := c.newSiteBehind(t, namespace, fakeneutron.Options{Ports: 4})
	for i := range routers {
		s.standalone(i)
		s.put(i, s.names[i%2])
	}
	p := s.run(func(o *options) {
		o.Backoff, o.LongestBackoff, o.LongestPause = 0, 0, 0
		o.Resync = time.Second // that much is asked for, and must wait
	})
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_pairs 6")
	s.awaitRecords(routers)
	before, asked := s.pairs(), p.sum("kubectl_egress_sync_neutron_requests_total")

	back := leave(s)
	p.proxy.Reset()
	p.endure(before, movers)
	n := int(p.sum("kubectl_egress_sync_neutron_requests_total") - asked)
	t.Logf("Neutron was asked %d times", n)
	if n < 3 || n > requestsAway {
		t.Errorf("Neutron was asked %d times, want 3 to %d", n, requestsAway)
	}
	p.calm()

	back()
	began := time.Now()
	s.awaitFor(away*3/4, s.want(routers))
	t.Logf("all was right %s after Neutron was back", since(began))
	p.awaitLog(`msg="over:`)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	s.awaitRecords(routers)
}

// endure lets the time go by, in which pods move every 10 s, and the ports must allow what they allowed before.
func (p *process) endure(before map[string][]string, movers int) {
	p.Helper()
	began := time.Now()
	for round := 1; time.Since(began) < away; round++ {
		if round%10 == 1 && time.Since(began) < away-time.Second {
			for i := range movers {
				p.put(i, p.names[(round/10+i)%len(p.names)])
			}
		}
		time.Sleep(min(time.Second, max(0, away-time.Since(began))))
		if got := p.pairs(); !same(got, before) {
			p.Fatalf("the ports came to allow %v, want %v", got, before)
		}
		for _, path := range []string{"/readyz", "/healthz"} {
			if status, body := p.get(path); status != http.StatusOK {
				p.Fatalf("after %s %s says %s", since(began), path, body)
			}
		}
	}
}

// calm checks that nothing else was asked or said in the meantime.
func (p *process) calm() {
	p.Helper()
	for _, r := range p.proxy.Requests() {
		list := slices.Contains([]string{"pods", "deployments"}, path.Base(r.Path)) && !strings.Contains(r.Query, "watch=")
		if r.Write() || list {
			p.Errorf("the API server was asked %s", r)
		}
	}
	// The first says what failed first; that nobody can log in is a reminder.
	if said := p.log.lines("level=WARN"); len(said) < 1 || len(said) > 2 || len(p.log.lines("about=cloud")) != len(said) {
		p.Errorf("it complained %d times, want once or twice, of the cloud: %s", len(said), strings.Join(said, ""))
	}
}

// The ways in which Neutron and Keystone are away: a proxy before them answers, nothing runs, or all that runs hangs.
func unavailable(s *site) func() {
	return s.neutron.Inject(fakeneutron.Fault{Status: http.StatusServiceUnavailable})
}

func refused(s *site) func() {
	back, err := s.neutron.Outage()
	if err != nil {
		s.Fatal(err)
	}
	return func() {
		if err := back(); err != nil {
			s.Fatal(err)
		}
	}
}

func hanging(s *site) func() {
	return s.neutron.Inject(fakeneutron.Fault{Delay: time.Hour, Status: http.StatusServiceUnavailable})
}
