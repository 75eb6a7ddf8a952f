package controller_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// testRival: while another writes the same ports all the time, routers move and neither loses anything to the other.
func (c *shared) testRival(t *testing.T) {
	const routers, rounds = 6, 4
	s := c.newSite(t, fakeneutron.Options{Ports: 4, MaxPairs: 40})
	for i := range routers {
		s.standalone(i)
		s.put(i, "worker-1")
	}
	p := s.run(func(o *options) { o.neutron.MaxPairs = 40 })
	var ports []string
	for _, name := range s.names {
		ports = append(ports, s.port(name))
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	added := s.neutron.Rival(ctx, ports, true, 4*time.Millisecond)
	for round := range rounds {
		for i := range routers {
			s.put(i, fmt.Sprintf("worker-%d", 1+(round+i)%4))
		}
		s.awaitOurs(routers)
	}
	end()
	theirs := 0
	for _, list := range s.pairs() {
		for _, pair := range list {
			if strings.HasPrefix(pair, "10.250.") {
				theirs++
			}
		}
	}
	if want := len(added()); theirs != want || want == 0 {
		t.Errorf("of the %d pairs of the other %d are left", want, theirs)
	}
	s.awaitOurs(routers)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	late := 0
	for _, r := range s.neutron.Requests() {
		if r.Status == http.StatusPreconditionFailed {
			late++
		}
	}
	t.Logf("%d writes came too late and were planned again", late)
}

// awaitOurs waits until the pairs of the routers, leaving out those of others, are where they should be.
func (s *site) awaitOurs(routers int) {
	s.Helper()
	ours := func() map[string][]string {
		out := map[string][]string{}
		for node, list := range s.pairs() {
			if list = slices.DeleteFunc(list, func(p string) bool { return !strings.HasPrefix(p, "10.0.200.") }); len(list) > 0 {
				out[node] = list
			}
		}
		return out
	}
	err := kube.Await(s.Context(), "our pairs are right", func(context.Context) (bool, error) { return same(ours(), s.want(routers)), nil })
	if err != nil {
		s.Fatalf("%v: got %v, want %v", err, ours(), s.want(routers))
	}
}

// testCut: answers of writes get lost, before and after they were carried out. Nothing is lost or doubled of it.
func (c *shared) testCut(t *testing.T) {
	const routers = 4
	s := c.newSite(t, fakeneutron.Options{Ports: 4})
	for i := range routers {
		s.standalone(i)
		s.put(i, fmt.Sprintf("worker-%d", 1+i%2))
	}
	p := s.run(nil)
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_pairs 4")
	put := func(r fakeneutron.Request) bool { return r.Method == http.MethodPut }
	s.neutron.Inject(fakeneutron.Fault{Match: put, Times: 2, Cut: fakeneutron.CutAfter})
	s.neutron.Inject(fakeneutron.Fault{Match: put, Times: 2, Cut: fakeneutron.CutBefore})
	for i := range routers {
		s.put(i, fmt.Sprintf("worker-%d", 3+i%2))
	}
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_pairs 4")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	s.awaitRecords(routers)
}
