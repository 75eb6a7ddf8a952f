package sync_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	gosync "sync"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack/neutrontest"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// site is a cluster on a fake Neutron. Of the routers in it nothing runs: their pods are what a test makes them.
type site struct {
	*testing.T
	cluster *kube.Cluster
	admin   client.Client
	neutron *neutrontest.Server
	// names are the nodes', in the order of the seed.
	names []string
	// at is the node of each router's pod, as the test has put it, and macs that of its net1.
	at   map[string]string
	pods map[string]*corev1.Pod
}

// newSite makes nodes on ports of a fake Neutron, and clears all away at the end.
func (c *shared) newSite(t *testing.T, o neutrontest.Options) *site {
	t.Helper()
	neutron, err := neutrontest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(neutron.Close)
	s := &site{T: t, cluster: c.cluster, admin: c.admin, neutron: neutron, at: map[string]string{}, pods: map[string]*corev1.Pod{}}
	for _, n := range neutron.Seed().Nodes {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.Name}, Spec: corev1.NodeSpec{ProviderID: "openstack:///" + n.ServerID}}
		s.create(node)
		s.names = append(s.names, n.Name)
	}
	t.Cleanup(func() { s.clear() })
	return s
}

func (s *site) clear() {
	ctx := context.Background()
	routers := s.admin.DeleteAllOf(ctx, &nov1.EgressRouter{}, client.InNamespace(namespace))
	if meta.IsNoMatchError(routers) {
		routers = nil
	}
	err := errors.Join(
		s.admin.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(namespace), client.GracePeriodSeconds(0)),
		s.admin.DeleteAllOf(ctx, &appsv1.Deployment{}, client.InNamespace(namespace)),
		routers,
		s.admin.DeleteAllOf(ctx, &corev1.Node{}),
	)
	if err != nil {
		s.Error(err)
	}
}

func (s *site) create(o client.Object) {
	s.Helper()
	if err := s.admin.Create(context.Background(), o); err != nil {
		s.Fatalf("creating %T %s: %v", o, o.GetName(), err)
	}
}

func (s *site) delete(o client.Object) {
	s.Helper()
	if err := s.admin.Delete(context.Background(), o, client.GracePeriodSeconds(0)); err != nil {
		s.Fatalf("deleting %T %s: %v", o, o.GetName(), err)
	}
}

// name and address are those of router i.
func name(i int) string    { return fmt.Sprintf("partner-%03d", i) }
func address(i int) string { return fmt.Sprintf("10.0.200.%d", i+1) }

// mac is router i's on net1.
func mac(i int) string { return fmt.Sprintf("02:e6:0a:00:c8:%02x", i+1) }

func newRouter(i int) *nov1.EgressRouter {
	r := &nov1.EgressRouter{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name(i)}}
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: address(i) + "/16", Gateway: "10.0.0.1"}}
	r.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{{Port: 80, Protocol: nov1.ProtocolTypeTCP, DestinationIP: "203.0.113.26"}}}
	egress.SetDefaults(r)
	return r
}

// standalone makes router i, with a Deployment that makes no pods.
func (s *site) standalone(i int) *appsv1.Deployment {
	s.Helper()
	text, err := json.Marshal(newRouter(i))
	if err != nil {
		s.Fatal(err)
	}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name(i), Labels: egress.Labels(name(i)), Annotations: map[string]string{egress.AnnotationRouter: string(text)}},
		Spec: appsv1.DeploymentSpec{
			Paused: true, Replicas: new(int32(0)), Selector: &metav1.LabelSelector{MatchLabels: egress.Labels(name(i))},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: egress.Labels(name(i))}, Spec: podSpec("")},
		},
	}
	s.create(d)
	return d
}

func podSpec(node string) corev1.PodSpec {
	return corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "router", Image: "router:test"}}}
}

// put runs a pod of router i on a node, in place of the one that ran elsewhere.
func (s *site) put(i int, node string) { s.putAs(i, node, mac(i), egress.Labels(name(i))) }

func (s *site) putAs(i int, node, mac string, labels map[string]string) {
	s.Helper()
	s.end(i)
	status := fmt.Sprintf(`[{"name":"ovn-kubernetes","interface":"eth0","ips":["10.128.0.9"],"default":true},{"name":"x","interface":"net1","ips":[%q],"mac":%q}]`, address(i), mac)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: name(i) + "-", Labels: labels, Annotations: map[string]string{egress.AnnotationNetworkStatus: status}},
		Spec:       podSpec(node),
	}
	s.create(pod)
	lock.Lock()
	defer lock.Unlock()
	s.pods[name(i)], s.at[name(i)] = pod, node
}

// lock guards what several workers of a test write.
var lock gosync.Mutex

// end ends the pod of router i, if there is one.
func (s *site) end(i int) {
	s.Helper()
	lock.Lock()
	pod := s.pods[name(i)]
	delete(s.pods, name(i))
	lock.Unlock()
	if pod != nil {
		s.delete(pod)
	}
}

// many calls do for n routers, 16 at a time.
func many(n int, do func(i int)) {
	var group gosync.WaitGroup
	next := make(chan int)
	for range 16 {
		group.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}

// pairs are what the nodes' ports allow, "ip mac" by node, sorted.
func (s *site) pairs() map[string][]string {
	out := map[string][]string{}
	for _, n := range s.neutron.Seed().Nodes {
		port, ok := s.neutron.Port(n.PortID)
		if !ok {
			continue
		}
		for _, p := range port.Pairs {
			out[n.Name] = append(out[n.Name], p.IP+" "+p.MAC)
		}
		slices.Sort(out[n.Name])
	}
	return out
}

// want is what they should allow for n routers: each where its pod is.
func (s *site) want(n int) map[string][]string {
	out := map[string][]string{}
	for i := range n {
		out[s.at[name(i)]] = append(out[s.at[name(i)]], address(i)+" "+mac(i))
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
}

// await waits until the ports allow want, and nothing else.
func (s *site) await(want map[string][]string) {
	s.Helper()
	err := kube.Await(s.Context(), "the ports allow what they should", func(context.Context) (bool, error) { return same(s.pairs(), want), nil })
	if err != nil {
		s.Fatalf("%v: got %v, want %v", err, s.pairs(), want)
	}
}

func same(a, b map[string][]string) bool { return maps.EqualFunc(a, b, slices.Equal) }

// puts are the writes of ports since the last reset, by node.
func (s *site) puts() map[string]int {
	out := map[string]int{}
	for _, r := range s.neutron.Requests() {
		for _, n := range s.neutron.Seed().Nodes {
			if r.Method == http.MethodPut && strings.HasSuffix(r.Path, n.PortID) {
				out[n.Name]++
			}
		}
	}
	return out
}

// record is what is recorded on router i.
func (s *site) record(i int) string {
	s.Helper()
	d := &appsv1.Deployment{}
	if err := s.admin.Get(s.Context(), client.ObjectKey{Namespace: namespace, Name: name(i)}, d); err != nil {
		s.Fatal(err)
	}
	return d.Annotations[egress.AnnotationOpenStack]
}

// wantRecord is the record of a router whose one pair is on a node.
func (s *site) wantRecord(i int, node string) string {
	return fmt.Sprintf(`[{"port":%q,"ip":%q,"mac":%q}]`, s.port(node), address(i), mac(i))
}

func (s *site) port(node string) string {
	for _, n := range s.neutron.Seed().Nodes {
		if n.Name == node {
			return n.PortID
		}
	}
	s.Fatalf("no node %s", node)
	return ""
}
