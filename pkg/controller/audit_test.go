package controller_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

func TestAudit(t *testing.T) {
	c := start(t, kube.Options{OpenShift: true, Keep: true})
	c.prepare(t, namespace)
	t.Run("a policy drifts", c.testPolicyDrifts)
	t.Run("a node on another port group", c.testNewNode)
	t.Run("a new host", c.testNewHost)
	t.Run("only nodes that a router can use", c.testUsableNodes)
	t.Run("nothing changes", c.testNothingChanges)
	t.Run("settings", c.testSettings)
	t.Run("vCenter is away", c.testVCenterAway)
	t.Run("sessions and passwords", c.testSessions)
	t.Run("vCenter hangs", c.testVCenterHangs)
	t.Run("one audits", c.testOneAudits)
	t.Run("memory", c.testAuditMemory)
	t.Run("roles", c.testAuditRoles)
}

const (
	rejected = "EGR402: forged transmits are rejected%s; EGR404: promiscuous mode is rejected%[1]s"
	fixIt    = ": fix it with kubectl egress preflight vsphere %s -n " + namespace + " --fix"
	allows   = "vSphere lets its frames through on every node that it can come to be on"
)

// testPolicyDrifts: somebody sets a policy back on one of two hosts. Within a resync that is said, by Event, metric and
// log, and that it is over too. Nothing is written.
func (c *shared) testPolicyDrifts(t *testing.T) {
	s := c.newVSite(t)
	s.standalone(0)
	s.put(0, "worker-1")
	s.create(newRouter(1))
	s.operators(nil)
	p := s.run(s.audits(func(o *options) { o.Resync = 500 * time.Millisecond }))
	for _, line := range []string{"routers 2", "routers_out_of_step 0", "leader 1"} {
		p.awaitMetric("kubectl_egress_sync_" + line)
	}
	if said := p.log.lines("level=WARN"); len(said) > 0 {
		t.Errorf("it complained: %s", strings.Join(said, ""))
	}
	_, body := p.get("/metrics")
	for _, word := range []string{"sync_neutron_requests", "sync_pairs", "sync_delay", "sync_findings{"} {
		if strings.Contains(body, word) {
			t.Errorf("/metrics has %s:\n%s", word, body)
		}
	}

	s.policy(esx(1), false)
	before := s.look()
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 2")
	for _, code := range []string{"EGR402", "EGR404"} {
		p.awaitMetric(fmt.Sprintf(`kubectl_egress_sync_findings{code=%q,level="error"} 2`, code))
	}
	p.awaitMetric(`kubectl_egress_sync_findings{code="EGR407",level="warning"} 1`)
	note := "vSphere rejects its frames on worker-1, worker-2 (" + fmt.Sprintf(rejected, " on DC0_C0_H1 (1 of 2 hosts)") + ")"
	want := map[string]int{
		"Warning PolicyRejects Deployment/partner-000 worker-1: " + note + fmt.Sprintf(fixIt, name(0)):   1,
		"Warning PolicyRejects EgressRouter/partner-001 worker-1: " + note + fmt.Sprintf(fixIt, name(1)): 1,
	}
	s.awaitNotes(want)
	passes := s.vcenter.Count("RetrievePropertiesEx")
	awaitCount(s, passes+3)
	if said := p.log.lines("level=WARN"); len(said) != 2 || !strings.Contains(strings.Join(said, ""), `msg="partners/partner-000: `+note+fmt.Sprintf(fixIt, name(0))+`" about=router`) {
		t.Errorf("it said:\n%s", strings.Join(said, ""))
	}
	s.unchanged(before)

	s.policy(esx(1), true)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	p.awaitLog(`msg="over: partners/partner-000: vSphere rejects`)
	want["Normal PolicyAllows Deployment/partner-000: "+allows] = 1
	want["Normal PolicyAllows EgressRouter/partner-001: "+allows] = 1
	s.awaitNotes(want)
	if _, body := p.get("/metrics"); strings.Contains(body, "sync_findings{code=\"EGR40") && strings.Contains(body, "EGR402") {
		t.Errorf("/metrics still has EGR402:\n%s", body)
	}
	s.onlyRead()
	p.stop()
	if got := s.calls()["Logout"]; got != 1 {
		t.Errorf("it logged out %d times", got)
	}
}

// awaitCount waits until everything was read so often.
func awaitCount(s *vsite, n int) {
	s.Helper()
	err := kube.Await(s.Context(), fmt.Sprintf("vCenter is read %d times", n), func(context.Context) (bool, error) {
		return s.vcenter.Count("RetrievePropertiesEx") >= n, nil
	})
	if err != nil {
		s.Fatalf("%v: it was read %d times", err, s.vcenter.Count("RetrievePropertiesEx"))
	}
}

// testNewNode: a node joins whose machine is on another port group. That is said at once, and again where more join.
func (c *shared) testNewNode(t *testing.T) {
	s := c.newVSite(t)
	s.delete(&corev1.Node{ObjectMeta: nodeMeta("worker-2")})
	s.move(1)
	s.standalone(0)
	s.put(0, "worker-1")
	p := s.run(s.audits(nil))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	s.addNode(1)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
	note := fmt.Sprintf("Warning PolicyRejects Deployment/partner-000 worker-2: vSphere rejects its frames on worker-2 ("+rejected+")"+fixIt, " on DC0_C0_H0, DC0_C0_H1 (2 of 2 hosts)", name(0))
	s.awaitNotes(map[string]int{note: 1})

	// A node that is not a machine of this vCenter is unknown, and what stands of the other is said with it.
	lost := &corev1.Node{ObjectMeta: nodeMeta("worker-9"), Spec: corev1.NodeSpec{ProviderID: "vsphere://42000000-0000-0000-0000-000000000000"}}
	s.delete(&corev1.Node{ObjectMeta: nodeMeta("worker-2")})
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	s.create(lost)
	p.awaitLog("unknown whether vSphere lets its frames through on worker-9 (EGR401: ")
	p.awaitLog(": look with kubectl egress preflight vsphere partner-000 -n partners")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
	s.onlyRead()
}

// testNewHost: a host comes to carry the port group, with the defaults of a new one.
func (c *shared) testNewHost(t *testing.T) {
	s := c.newVSite(t)
	if err := s.vcenter.RemovePortGroup(vmNetwork, esx(1)); err != nil {
		t.Fatal(err)
	}
	s.standalone(0)
	p := s.run(s.audits(func(o *options) { o.Resync = 500 * time.Millisecond }))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	if err := s.vcenter.AddPortGroup(vmNetwork, "vSwitch0", esx(1)); err != nil {
		t.Fatal(err)
	}
	p.awaitLog("EGR402: forged transmits are rejected on DC0_C0_H1 (1 of 2 hosts)")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
	s.onlyRead()
}

// testUsableNodes: of a node that its selector or its tolerations keep a router from, the router is not told, whoever
// made its Deployment.
func (c *shared) testUsableNodes(t *testing.T) {
	s := c.newVSite(t)
	s.move(1)
	on := func(node string) map[string]string { return map[string]string{corev1.LabelHostname: node} }
	ours := s.standalone(0)
	s.edit(ours, func() { ours.Spec.Template.Spec.NodeSelector = on("worker-1") })
	s.create(newRouter(1))
	p := s.run(s.audits(nil))
	p.awaitMetric("kubectl_egress_sync_routers 2")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	theirs := s.operators(on("worker-1"))

	s.edit(theirs, func() { theirs.Spec.Template.Spec.NodeSelector = on("worker-2") })
	p.awaitLog(`msg="partners/partner-001: vSphere rejects its frames on worker-2 (`)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
	s.edit(ours, func() { ours.Spec.Template.Spec.NodeSelector = nil })
	p.awaitLog(`msg="partners/partner-000: vSphere rejects its frames on worker-2 (`)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 2")
	s.edit(theirs, func() { theirs.Spec.Template.Spec.NodeSelector = nil })

	node := &corev1.Node{ObjectMeta: nodeMeta("worker-2")}
	if err := s.admin.Get(t.Context(), client.ObjectKeyFromObject(node), node); err != nil {
		t.Fatal(err)
	}
	s.edit(node, func() {
		node.Spec.Taints = []corev1.Taint{{Key: "storage", Effect: corev1.TaintEffectNoSchedule}}
	})
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	s.edit(theirs, func() {
		theirs.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Key: "storage", Operator: corev1.TolerationOpExists}}
	})
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
	s.onlyRead()
}

// testNothingChanges: what a pass takes, and that nothing is asked where nothing changes that matters.
func (c *shared) testNothingChanges(t *testing.T) {
	s := c.newVSite(t)
	d := s.standalone(0)
	p := s.run(s.audits(func(o *options) { o.Resync = time.Hour }))
	p.awaitMetric(`kubectl_egress_sync_passes_total{result="ok"} 1`)
	first := map[string]int{"RetrieveServiceContent": 1, "Login": 1, "CreateContainerView": 1, "RetrievePropertiesEx": 1}
	if got := s.calls(); !maps.Equal(got, first) {
		t.Errorf("the first pass took %v, want %v", got, first)
	}
	s.vcenter.ResetCalls()

	// None of this says where the router can be.
	s.patch(d, "example.com/note", "of no interest")
	s.edit(d, func() { d.Spec.Template.Spec.Containers[0].Image = "router:other" })
	node := &corev1.Node{ObjectMeta: nodeMeta("worker-2")}
	if err := s.admin.Get(t.Context(), client.ObjectKeyFromObject(node), node); err != nil {
		t.Fatal(err)
	}
	s.edit(node, func() { node.Labels["example.com/rack"] = "7" })
	time.Sleep(time.Second)
	if got := s.calls(); len(got) > 0 {
		t.Errorf("with nothing changed vCenter was asked %v", got)
	}

	// This does, and takes one call.
	s.put(0, "worker-1")
	p.awaitMetric(`kubectl_egress_sync_passes_total{result="ok"} 2`)
	if got, want := s.calls(), map[string]int{"RetrievePropertiesEx": 1}; !maps.Equal(got, want) {
		t.Errorf("the next pass took %v, want %v", got, want)
	}

	// Where a policy rejects, it is asked who could fix it.
	s.move(1)
	s.vcenter.ResetCalls()
	s.put(0, "worker-2")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 1")
	got := s.calls()
	// The pod of before may be gone for long enough to be a pass of its own.
	if n := got["RetrievePropertiesEx"]; n < 1 || n > 2 || len(got) != 2 || got["HasUserPrivilegeOnEntities"] != n {
		t.Errorf("a pass that finds something took %v", got)
	}
}
