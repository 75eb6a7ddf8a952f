package controller_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/audit"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// The port groups that every host has. Storage rejects.
const (
	vmNetwork = "VM Network"
	storage   = "Storage"
)

// vsite is a cluster whose nodes are virtual machines of a simulated vCenter.
type vsite struct {
	*site
	vcenter *fakevcenter.Server
}

// newVSite makes two hosts with a machine each, which are worker-1 and worker-2, on VM Network, which accepts.
func (c *shared) newVSite(t *testing.T) *vsite {
	t.Helper()
	vcenter, err := fakevcenter.Start(fakevcenter.Options{Hosts: 2, VMs: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vcenter.Close)
	s := &vsite{&site{T: t, cluster: c.cluster, admin: c.admin, namespace: namespace, config: c.cluster.Config,
		at: map[string]string{}, pods: map[string]*corev1.Pod{}}, vcenter}
	s.forgetEvents()
	t.Cleanup(func() { s.clear(nil) })
	for i := range vcenter.Nodes(2) {
		s.addNode(i)
	}
	for _, host := range []string{esx(0), esx(1)} {
		s.policy(host, true)
	}
	if err := vcenter.AddPortGroup(storage, "vSwitch0"); err != nil {
		t.Fatal(err)
	}
	vcenter.ResetCalls()
	return s
}

func esx(i int) string     { return fmt.Sprintf("DC0_C0_H%d", i) }
func machine(i int) string { return fmt.Sprintf("DC0_C0_RP0_VM%d", i) }

// addNode makes machine i a node.
func (s *vsite) addNode(i int) {
	s.Helper()
	name := fmt.Sprintf("worker-%d", i+1)
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}},
		Spec:       corev1.NodeSpec{ProviderID: s.vcenter.Nodes(i + 1)[i].ProviderID},
	}
	s.create(node)
	s.names = append(s.names, name)
}

// policy has a host's VM Network accept forged transmits and promiscuous mode, or reject them.
func (s *vsite) policy(host string, accept bool) {
	s.Helper()
	security := &types.HostNetworkSecurityPolicy{AllowPromiscuous: &accept, ForgedTransmits: &accept, MacChanges: &accept}
	if err := s.vcenter.SetHostPolicy(host, vmNetwork, types.HostNetworkPolicy{Security: security}); err != nil {
		s.Fatal(err)
	}
}

// move puts machine i on Storage.
func (s *vsite) move(i int) {
	s.Helper()
	if err := s.vcenter.MoveVM(machine(i), storage); err != nil {
		s.Fatal(err)
	}
}

// operators makes the Deployment that the operator would make for a router of its own.
func (s *vsite) operators(selector map[string]string) *appsv1.Deployment {
	s.Helper()
	labels := map[string]string{"app": "egress-router-cni"}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "egress-router-cni-deployment", Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Paused: true, Replicas: new(int32(0)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec("")},
		},
	}
	d.Spec.Template.Spec.NodeSelector = selector
	s.create(d)
	return d
}

func nodeMeta(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

// edit changes an object.
func (s *site) edit(o client.Object, change func()) {
	s.Helper()
	patch := client.MergeFrom(o.DeepCopyObject().(client.Object))
	change()
	if err := s.admin.Patch(s.Context(), o, patch); err != nil {
		s.Fatal(err)
	}
}

// audits has sync audit the vCenter.
func (s *vsite) audits(change func(*options)) func(*options) {
	return func(o *options) {
		o.audit = &audit.Options{Connect: s.auditor, Title: "vSphere", Blanket: true, Preflight: finding.Run{Verb: []string{"preflight", "vsphere"}}}
		if change != nil {
			change(o)
		}
	}
}

// calls are those at the vCenter since they were last reset, by method.
func (s *vsite) calls() map[string]int {
	out := map[string]int{}
	for _, call := range s.vcenter.Calls() {
		out[call.Method]++
	}
	return out
}

// onlyRead fails where anything was called that could change the vCenter.
func (s *vsite) onlyRead() {
	s.Helper()
	reads := []string{
		"RetrieveServiceContent", "Login", "Logout", "CreateContainerView", "RetrievePropertiesEx", "HasUserPrivilegeOnEntities",
	}
	got := s.calls()
	maps.DeleteFunc(got, func(method string, _ int) bool { return slices.Contains(reads, method) })
	if len(got) > 0 {
		s.Errorf("calls that may write: %v", got)
	}
}

// world is all that a test could find changed.
type world struct {
	Hosts       []mo.HostSystem
	Routers     []nov1.EgressRouter
	Deployments []appsv1.Deployment
}

// look reads the world, and forgets what was called.
func (s *vsite) look() world {
	s.Helper()
	ctx := context.Background()
	c, err := s.vcenter.Client(ctx)
	if err != nil {
		s.Fatal(err)
	}
	hosts, err := find.NewFinder(c.Client).HostSystemList(ctx, "*")
	if err != nil {
		s.Fatal(err)
	}
	var w world
	for _, host := range hosts {
		var one mo.HostSystem
		if err := c.RetrieveOne(ctx, host.Reference(), []string{"name", "config.network"}, &one); err != nil {
			s.Fatal(err)
		}
		w.Hosts = append(w.Hosts, one)
	}
	if err := c.Logout(ctx); err != nil {
		s.Fatal(err)
	}
	s.vcenter.ResetCalls()
	var routers nov1.EgressRouterList
	var deployments appsv1.DeploymentList
	for _, list := range []client.ObjectList{&routers, &deployments} {
		if err := s.admin.List(ctx, list, client.InNamespace(namespace)); err != nil {
			s.Fatal(err)
		}
	}
	w.Routers, w.Deployments = routers.Items, deployments.Items
	return w
}

// unchanged fails where the world is another, or a call could have made it so.
func (s *vsite) unchanged(before world) {
	s.Helper()
	s.onlyRead()
	if after := s.look(); !reflect.DeepEqual(before, after) {
		s.Errorf("the world was\n%+v\nand is\n%+v", before, after)
	}
}

// awaitNotes waits until the Events on routers are these, "reason kind/name node: note" with how often each.
func (s *site) awaitNotes(want map[string]int) {
	s.Helper()
	var got map[string]int
	err := kube.Await(s.Context(), "the events are there", func(ctx context.Context) (bool, error) {
		var list eventsv1.EventList
		if err := s.admin.List(ctx, &list, client.InNamespace(namespace)); err != nil {
			return false, err
		}
		got = map[string]int{}
		for _, e := range list.Items {
			if e.ReportingController != controller.Name || e.Action != "Audit" {
				continue
			}
			node := ""
			if e.Related != nil {
				node = " " + e.Related.Name
			}
			got[fmt.Sprintf("%s %s %s/%s%s: %s", e.Type, e.Reason, e.Regarding.Kind, e.Regarding.Name, node, e.Note)]++
		}
		return maps.Equal(got, want), nil
	})
	if err != nil {
		s.Fatalf("%v:\ngot  %v\nwant %v", err, got, want)
	}
}

// forgetEvents removes the Events of the tests before.
func (s *site) forgetEvents() {
	s.Helper()
	if err := s.admin.DeleteAllOf(s.Context(), &eventsv1.Event{}, client.InNamespace(namespace)); err != nil {
		s.Fatal(err)
	}
}
