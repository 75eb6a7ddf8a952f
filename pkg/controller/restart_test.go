package controller_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// testRestart: the API server is killed while pods move, twice, and another started in its place, which knows nothing of
// the watches. Without one nothing is written, and with it all is caught up.
func (c *shared) testRestart(t *testing.T) {
	const movers, operated, robbed, routers = 6, 6, 8, 9
	s := c.newSite(t, fakeneutron.Options{Ports: 4})
	for i := range routers {
		if i == operated {
			s.operated(i)
			s.putAs(i, "worker-1", mac(i), map[string]string{"app": egress.OperatorApp})
			continue
		}
		s.standalone(i)
		s.put(i, fmt.Sprintf("worker-%d", 1+i%2))
	}
	p := s.runAs(c.cluster.Config, nil, func(o *options) { o.Resync = 200 * time.Millisecond })
	s.await(s.want(routers))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")

	for range 2 {
		moving := s.move(movers, robbed)
		moving.awaitMoves(movers)
		if err := c.cluster.KillAPIServer(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.awaitPasses(2) // what was confirmed before may still be written in the first
		s.neutron.ResetRequests()
		s.rob(robbed)
		p.awaitPasses(3)
		if puts := s.puts(); len(puts) > 0 {
			t.Errorf("without an API server ports were written: %v", puts)
		}
		if err := c.cluster.StartAPIServer(t.Context()); err != nil {
			t.Fatal(err)
		}
		moving.awaitMoves(3 * movers)
		moving.stop()
		begun := time.Now()
		s.await(s.want(routers))
		t.Logf("all was right %s after the last move", since(begun))
		p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	}
	for i := range routers {
		if i != operated {
			s.awaitRecordOf(i)
		}
	}
	err := kube.Await(t.Context(), "it is ready again", func(context.Context) (bool, error) {
		status, _ := p.get("/readyz")
		return status == http.StatusOK, nil
	})
	if err != nil {
		t.Error(err)
	}
	// That a record could not be written is so.
	if said := p.log.lines("EGR"); len(said) > 0 {
		t.Errorf("it complained of routers that nothing is wrong with: %s", strings.Join(said, ""))
	}
}

// rob takes the pair of router i away, with another's hand.
func (s *site) rob(i int) {
	s.Helper()
	id := s.port(s.at[name(i)])
	port, ok := s.neutron.Port(id)
	if !ok {
		s.Fatalf("there is no port %s", id)
	}
	s.neutron.SetPairs(id, slices.DeleteFunc(port.Pairs, func(p fakeneutron.Pair) bool { return p.IP == address(i) }))
}
