package controller_test

import (
	"fmt"
	"math"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
)

// testOneAudits: of two processes one is logged in; the next one begins where the other ends.
func (c *shared) testOneAudits(t *testing.T) {
	s := c.newVSite(t)
	s.policy(esx(1), false)
	s.standalone(0)
	elect := func(identity string) func(*options) {
		return s.audits(func(o *options) {
			o.Resync = 200 * time.Millisecond
			o.Election = &controller.Election{Namespace: namespace, Name: "auditors", Identity: identity, Lease: lease}
		})
	}
	first := s.run(elect("first"))
	first.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
	second := s.run(elect("second"))
	awaitCount(s, s.vcenter.Count("RetrievePropertiesEx")+5)
	second.awaitMetric("kubectl_egress_sync_leader 0")
	second.awaitMetric("kubectl_egress_sync_routers 0")
	if got := s.calls(); got["Login"] != 1 || got["Logout"] != 0 {
		t.Errorf("with two processes there were %v", got)
	}
	if status, body := second.get("/readyz"); status != http.StatusOK {
		t.Errorf("the one that waits is not ready: %s", body)
	}
	// Killed, as far as the cluster sees: it logs out and ends.
	if err := first.proxy.Close(); err != nil {
		t.Fatal(err)
	}
	second.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
	first.awaitLost()
	if got := s.calls(); got["Login"] != 2 || got["Logout"] != 1 {
		t.Errorf("after the first one there were %v", got)
	}
	s.onlyRead()
}

// testAuditMemory: a hundred audits leave no more behind than twenty.
func (c *shared) testAuditMemory(t *testing.T) {
	s := c.newVSite(t)
	s.policy(esx(1), false)
	const routers, early, late = 20, 40, 160
	for i := range routers {
		s.standalone(i)
	}
	p := s.runAs(s.cluster.Config, nil, s.audits(func(o *options) {
		o.Resync, o.Quiet = 20*time.Millisecond, time.Millisecond
	}))
	p.awaitMetric(fmt.Sprintf("kubectl_egress_sync_routers_out_of_step %d", routers))
	measure := func(passes int) uint64 {
		s.vcenter.ResetCalls()
		awaitCount(s, passes)
		s.vcenter.ResetCalls()
		return settledHeap()
	}
	before := measure(early)
	after := measure(late)
	t.Logf("the heap was %d KiB after %d audits, and %d KiB after %d more", before/1024, early, after/1024, late)
	if after > before+before/4+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
	if said := p.log.lines("level=WARN"); len(said) != routers {
		t.Errorf("it said %d lines, want %d", len(said), routers)
	}
}

// settledHeap is what is in use once all that can be freed is, and nothing is under way.
func settledHeap() uint64 {
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

// testAuditRoles: as testRoles, for deploy/sync/vsphere: no right to change a router, or anything else but Events.
func (c *shared) testAuditRoles(t *testing.T) {
	s := c.newVSite(t)
	s.deploy("vsphere", map[string]int{"Namespace": 1, "ServiceAccount": 1, "ClusterRole": 1, "ClusterRoleBinding": 1, "Role": 1, "RoleBinding": 1, "Deployment": 1, "NetworkPolicy": 1})
	s.standalone(0)
	s.create(newRouter(1))
	s.operators(nil)
	before := s.look()
	p := s.runDeployed(s.audits(func(o *options) { o.Resync = 300 * time.Millisecond }))
	p.awaitMetric("kubectl_egress_sync_routers 2")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	s.unchanged(before)
	s.policy(esx(1), false)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 2")
	if said := p.log.lines("about=events"); len(said) > 0 {
		t.Errorf("with all rights it complained: %s", strings.Join(said, ""))
	}
	p.stop()
	s.withoutEach([]string{"kubectl-egress-sync"}, []string{"sync"}, func(in *site) *process {
		return in.runDeployed(s.audits(nil))
	})
}
