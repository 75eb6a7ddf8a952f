package sync_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack/neutrontest"
	"github.com/kubectl-egress/kubectl-egress/pkg/sync"
)

// testHeir: a router that is made anew, on another node, under the other provisioner, or with another MAC, takes over
// what was written for the one before.
func (c *shared) testHeir(t *testing.T) {
	s := c.newSite(t, neutrontest.Options{Ports: 3})
	d := s.standalone(0)
	s.put(0, "worker-1")
	p := s.run(nil)
	s.await(s.want(1))
	s.awaitRecord("worker-1")
	s.neutron.ResetRequests()

	// The address stays while it is not known where the new one will be.
	s.delete(d)
	s.end(0)
	d = s.standalone(0)
	s.put(0, "worker-2")
	s.await(s.want(1))
	s.awaitRecord("worker-2")
	if got, want := fmt.Sprint(s.puts()), "map[worker-1:1 worker-2:1]"; got != want {
		t.Errorf("ports were written %s, want %s", got, want)
	}

	s.delete(d)
	s.end(0)
	s.create(newRouter(0))
	s.putAs(0, "worker-3", "02:00:00:00:00:77", map[string]string{"app": egress.OperatorApp})
	s.await(map[string][]string{"worker-3": {address(0) + " 02:00:00:00:00:77"}})
	p.awaitMetric("kubectl_egress_sync_pairs 1")

	router := newRouter(0)
	s.delete(router)
	s.end(0)
	s.await(map[string][]string{})
}

// testCrash: a record that names what a killed process had planned, or removed, is put right, and what it left behind
// too.
func (c *shared) testCrash(t *testing.T) {
	s := c.newSite(t, neutrontest.Options{Ports: 3})
	d := s.standalone(0)
	s.put(0, "worker-3")
	pair := func(node string) openstack.Pair {
		return openstack.Pair{Port: s.port(node), IP: address(0), MAC: mac(0)}
	}
	text, err := json.Marshal([]openstack.Pair{pair("worker-1"), pair("worker-2"), pair("worker-3")})
	if err != nil {
		t.Fatal(err)
	}
	s.patch(d, egress.AnnotationOpenStack, string(text))
	// Of the three, one was added and not taken away yet; one was taken away; one was still to be added.
	s.neutron.SetPairs(s.port("worker-1"), []neutrontest.Pair{{IP: address(0), MAC: mac(0)}})
	s.run(nil)
	s.await(s.want(1))
	s.awaitRecord("worker-3")
}

// testMemory: after 1,000 moves there is no more to remember than after 200.
func (c *shared) testMemory(t *testing.T) {
	const routers, rounds = 50, 20
	s := c.newSite(t, neutrontest.Options{Ports: 4, MaxPairs: 60})
	for i := range routers {
		s.standalone(i)
		s.put(i, "worker-1")
	}
	p := s.runAs(s.cluster.Config, nil, func(o *sync.Options) {
		o.MaxPairs, o.Log = 60, slog.New(slog.DiscardHandler)
	})
	s.await(s.want(routers))
	var early uint64
	for round := range rounds {
		many(routers, func(i int) { s.put(i, fmt.Sprintf("worker-%d", 1+(round+i)%4)) })
		s.await(s.want(routers))
		s.neutron.ResetRequests()
		if round == rounds/5-1 {
			early = heap()
		}
	}
	late := heap()
	t.Logf("the heap was %d KiB after %d moves, and %d KiB after %d", early/1024, routers*rounds/5, late/1024, routers*rounds)
	if late > early+early/4+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", early, late)
	}
	var list appsv1.DeploymentList
	if err := s.admin.List(t.Context(), &list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	p.awaitMetric(fmt.Sprintf("kubectl_egress_sync_pairs %d", routers))
	for i := range list.Items {
		if got, want := s.record(i), s.wantRecord(i, s.at[name(i)]); got != want {
			t.Errorf("router %d: the record is %s, want %s", i, got, want)
		}
	}
}

// heap is what is in use once all that can be freed is, and nothing is under way.
func heap() uint64 {
	least := uint64(math.MaxUint64)
	for range 3 {
		time.Sleep(300 * time.Millisecond)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		least = min(least, m.HeapAlloc)
	}
	return least
}
