package controller_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// siege is an attack that stands, or goes on, while routers of others move, go and come back.
type siege struct {
	attack
	// again is what the tenant does every 50 ms.
	again func(m *tenant, n int)
	// moves tells that others only move: what goes can be the tenant's.
	moves bool
	// owns are the pairs of the tenant's own, by node.
	owns map[string][]string
}

// besieged are the routers of others: one whose pair is recorded, and one whose pair is its own record.
type besieged struct {
	*site
	others map[string][]string
}

// besiegedRouters are which.
func besiegedRouters() []int { return []int{0, 2} }

// testSieges: while a tenant's attack stands, a router of another namespace moves with as many writes as ever, its pair goes
// with it when it is deleted, and comes when it is created again.
func (c *shared) testSieges(t *testing.T) {
	s := c.newSite(t, fakeneutron.Options{Ports: 4})
	m := s.newTenant(c, "tenant-b")
	b := &besieged{site: s, others: s.occupy()}
	p := s.run(nil)
	m.grants(attack{})
	b.begin()
	b.awaitHonest(siege{}, 0, 2)
	for _, a := range sieges() {
		t.Run(a.name, func(t *testing.T) {
			s.T = t
			begun := time.Now()
			defer b.reset(m)
			m.grants(a.attack)
			a.do(m)
			m.awaitSaid(a.said)
			stop := m.keepOn(a)
			b.withstand(a)
			stop()
			m.leave()
			b.awaitHonest(siege{}, 0, 2)
			p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0") // else the next one of that name is no news
			t.Logf("%s; ports were written %v", since(begun), s.puts())
		})
	}
	s.T = t
	if long := slices.MaxFunc(p.log.lines(""), func(a, b string) int { return len(a) - len(b) }); len(long) > longestLine {
		t.Errorf("a line of the log has %d bytes: %.300s", len(long), long)
	}
	p.stop()
}

// longestLine is how long a line of the log may be, whatever a tenant writes.
const longestLine = 5000

// begin makes the routers of others, and puts their pods on nodes.
func (b *besieged) begin() {
	b.Helper()
	for i, node := range map[int]string{0: "worker-1", 2: "worker-3"} {
		b.standalone(i)
		b.put(i, node)
	}
}

// reset puts all right after an attack that did harm, for the next one.
func (b *besieged) reset(m *tenant) {
	if !b.Failed() {
		return
	}
	m.leave()
	for _, i := range besiegedRouters() {
		_ = b.admin.Delete(context.Background(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: b.namespace, Name: name(i)}})
		b.end(i)
	}
	time.Sleep(2 * time.Second)
	for _, id := range b.ports {
		b.neutron.SetPairs(id, []fakeneutron.Pair{{IP: vip}})
	}
	b.begin()
	b.awaitHonest(siege{}, 0, 2)
}

// withstand has the routers of others move, go and come back.
func (b *besieged) withstand(a siege) {
	b.Helper()
	b.neutron.ResetRequests()
	b.put(0, "worker-2")
	b.awaitHonest(a, 0, 2)
	b.awaitRecord("worker-2")
	if got, want := fmt.Sprint(b.puts()), "map[worker-1:1 worker-2:1]"; a.again == nil && got != want {
		b.Errorf("ports were written %s, want %s", got, want)
	}
	if a.moves {
		b.put(0, "worker-1")
		return
	}
	for _, i := range besiegedRouters() {
		b.delete(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: b.namespace, Name: name(i)}})
		b.end(i)
	}
	b.awaitHonest(a)
	b.begin()
	b.awaitHonest(a, 0, 2)
	b.awaitRecord("worker-1")
}

// awaitHonest waits until the ports allow what others have, what the tenant owns, and some routers.
func (b *besieged) awaitHonest(a siege, routers ...int) {
	b.Helper()
	want := joinPairs(b.others, a.owns)
	for _, i := range routers {
		want = joinPairs(want, map[string][]string{b.at[name(i)]: {address(i) + " " + mac(i)}})
	}
	var got map[string][]string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got = b.pairs()
		if a.again != nil { // its own come and go
			for node := range got {
				got[node] = slices.DeleteFunc(got[node], func(pair string) bool { return strings.HasPrefix(pair, ownAddress+" ") })
			}
		}
		if same(got, want) {
			return
		}
	}
	b.Fatalf("the ports allow %v, want %v", got, want)
}

// keepOn has the tenant do something again and again, until it is stopped.
func (m *tenant) keepOn(a siege) (stop func()) {
	if a.again == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(m.Context())
	var going sync.WaitGroup
	going.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			a.again(m, n)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return func() {
		cancel()
		going.Wait()
	}
}

// renewOther has another's router be younger than the tenant's.
func (m *tenant) renewOther(i int) {
	m.Helper()
	time.Sleep(1100 * time.Millisecond) // the age of objects is in seconds
	m.delete(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: m.namespace, Name: name(i)}})
	m.standalone(i)
	time.Sleep(time.Second)
}
