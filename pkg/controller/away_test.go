package controller_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// testServerAway: while the API server is away nothing is written, whatever is remembered; after that all is caught up.
func (c *shared) testServerAway(t *testing.T) {
	const routers = 6
	s := c.newSite(t, fakeneutron.Options{Ports: 4})
	var last *appsv1.Deployment
	for i := range routers {
		last = s.standalone(i)
		s.put(i, fmt.Sprintf("worker-%d", 1+i%2))
	}
	p := s.run(func(o *options) { o.Resync = 200 * time.Millisecond })
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_pairs 6")
	before := s.want(routers)
	s.neutron.ResetRequests()

	// What sync remembers asks for a write, since another took the pair away, and the server is not there to confirm it.
	if err := p.proxy.Close(); err != nil {
		t.Fatal(err)
	}
	s.neutron.SetPairs(s.port("worker-1"), nil)
	s.end(0)       // is on no node any more
	s.delete(last) // and nobody hears of it
	s.end(routers - 1)
	for i := 1; i < routers-1; i++ {
		s.put(i, fmt.Sprintf("worker-%d", 3+i%2))
	}
	p.awaitPasses(3)
	delete(before, "worker-1")
	if got := s.pairs(); !same(got, before) {
		t.Errorf("while the server was away the ports came to allow %v, want %v", got, before)
	}
	if puts := s.puts(); len(puts) > 0 {
		t.Errorf("while the server was away ports were written: %v", puts)
	}
	if err := p.proxy.Open(); err != nil {
		t.Fatal(err)
	}
	// Of a router without a pod nobody knows where it will be: what it had was taken away, and stays away.
	delete(s.at, name(0))
	want := s.want(routers - 1)
	delete(want, "")
	s.await(want)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
}

// testStale: a plan from what is remembered is not carried out where the server cannot confirm it.
func (c *shared) testStale(t *testing.T) {
	s := c.newSite(t, fakeneutron.Options{Ports: 2})
	s.standalone(0)
	s.put(0, "worker-1")
	p := s.run(nil)
	s.await(s.want(1))
	s.awaitRecord("worker-1")
	s.neutron.ResetRequests()
	// Watches go on, lists are refused: what is remembered is right, and sync cannot know.
	p.proxy.Tamper(func(_ int, r apiproxy.Request) apiproxy.Fault {
		if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/pods") && !strings.Contains(r.Query, "watch=") {
			return apiproxy.Fault{Status: http.StatusForbidden}
		}
		return apiproxy.Fault{}
	})
	s.put(0, "worker-2")
	p.awaitLog("about=cluster")
	if puts := s.puts(); len(puts) > 0 {
		t.Errorf("ports were written: %v", puts)
	}
	s.await(map[string][]string{"worker-1": {address(0) + " " + mac(0)}})
	p.proxy.Tamper(nil)
	s.await(s.want(1))
}

// testNeutronAway: one line says so, and all is caught up after it.
func (c *shared) testNeutronAway(t *testing.T) {
	const routers = 4
	s := c.newSite(t, fakeneutron.Options{Ports: 4})
	for i := range routers {
		s.standalone(i)
		s.put(i, fmt.Sprintf("worker-%d", 1+i%2))
	}
	p := s.run(func(o *options) { o.Resync = 200 * time.Millisecond })
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_pairs 4")
	remove := s.neutron.Inject(fakeneutron.Fault{Status: http.StatusServiceUnavailable})
	for i := range routers {
		s.put(i, fmt.Sprintf("worker-%d", 3+i%2))
	}
	p.awaitLog("about=cloud")
	time.Sleep(3 * time.Second)
	if said := p.log.lines("level=WARN"); len(said) != 1 {
		t.Errorf("it complained %d times, want once: %s", len(said), strings.Join(said, ""))
	}
	if status, body := p.get("/readyz"); status != http.StatusOK {
		t.Errorf("it is not ready: %s", body)
	}
	remove()
	s.await(s.want(routers))
	p.awaitLog("msg=\"over:")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
}

// testLeaders: of two one writes. Where it is cut off the other takes over, and where it is ended too, at once.
func (c *shared) testLeaders(t *testing.T) {
	const routers = 6
	s := c.newSite(t, fakeneutron.Options{Ports: 6})
	for i := range routers {
		s.standalone(i)
		s.put(i, fmt.Sprintf("worker-%d", 1+i%2))
	}
	elect := func(identity string) func(*options) {
		return func(o *options) {
			o.Election = &controller.Election{Namespace: namespace, Name: "leaders", Identity: identity, Lease: lease}
		}
	}
	first := s.run(elect("first"))
	first.awaitMetric("kubectl_egress_sync_leader 1")
	second := s.run(elect("second"))
	s.await(s.want(routers))
	s.awaitRecords(routers)
	s.neutron.ResetRequests()
	toNodes := func(first int) func() {
		return func() {
			for i := range routers {
				s.put(i, fmt.Sprintf("worker-%d", first+i%2))
			}
		}
	}
	first.atOnce(toNodes(3))
	s.await(s.want(routers))
	s.awaitRecords(routers)
	second.awaitMetric("kubectl_egress_sync_leader 0")
	if status, body := second.get("/readyz"); status != http.StatusOK {
		t.Errorf("the one that waits is not ready: %s", body)
	}

	// Killed: the way to the cluster is gone, and the Lease with it.
	if err := first.proxy.Close(); err != nil {
		t.Fatal(err)
	}
	second.atOnce(toNodes(5))
	s.await(s.want(routers))
	second.awaitMetric("kubectl_egress_sync_leader 1")
	first.awaitLost()

	// Ended: the Lease is given back.
	third := s.run(elect("third"))
	third.awaitMetric("kubectl_egress_sync_leader 0")
	second.awaitMetric("kubectl_egress_sync_pairs 6")
	second.stop()
	begun := time.Now()
	third.awaitMetric("kubectl_egress_sync_leader 1")
	t.Logf("the next one leads %s after the end of the one before", since(begun))
	third.atOnce(toNodes(1))
	s.await(s.want(routers))
	// Each port got pairs and lost them, in one write each.
	if got, want := fmt.Sprint(s.puts()), "map[worker-1:2 worker-2:2 worker-3:2 worker-4:2 worker-5:2 worker-6:2]"; got != want {
		t.Errorf("ports were written %s, want %s", got, want)
	}
}
