package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// site is a cluster on a Neutron. Of the routers in it nothing runs: their pods are what a test makes them.
type site struct {
	*testing.T
	cluster *kube.Cluster
	admin   client.Client
	// neutron is the fake one; nil where it is a real one.
	neutron *fakeneutron.Server
	// allowed reads the pairs of all ports, by port.
	allowed func() map[string][]fakeneutron.Pair
	// namespace is that of all routers, and config the way to the cluster of those that are not the test.
	namespace string
	config    *rest.Config
	// records is the namespace of the records, and granted that of the grants.
	records, granted string
	// names are the nodes', in the order of the seed, and ports theirs.
	names []string
	ports map[string]string
	// at is the node of each router's pod, as the test has put it, and macs that of its net1.
	at   map[string]string
	pods map[string]*corev1.Pod
}

// newSite makes nodes on ports of a fake Neutron, and clears all away at the end.
func (c *shared) newSite(t *testing.T, o fakeneutron.Options) *site {
	t.Helper()
	return c.newSiteIn(t, namespace, "", c.cluster.Config, o)
}

// newSiteIn makes one in a namespace, whose nodes' names begin with prefix, and have the rest of it as a label.
func (c *shared) newSiteIn(t *testing.T, namespace, prefix string, config *rest.Config, o fakeneutron.Options) *site {
	t.Helper()
	neutron, err := fakeneutron.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(neutron.Close)
	s := c.newSiteOn(t, namespace, prefix, config, neutron.Seed().Nodes)
	s.neutron = neutron
	s.allowed = func() map[string][]fakeneutron.Pair {
		out := map[string][]fakeneutron.Pair{}
		for _, id := range s.ports {
			port, _ := neutron.Port(id)
			out[id] = port.Pairs
		}
		return out
	}
	return s
}

// newSiteOn makes one of nodes whose ports are in a Neutron.
func (c *shared) newSiteOn(t *testing.T, namespace, prefix string, config *rest.Config, nodes []fakeneutron.SeedNode) *site {
	t.Helper()
	s := &site{T: t, cluster: c.cluster, admin: c.admin, namespace: namespace, records: namespace, granted: egress.Namespace, config: config,
		ports: map[string]string{}, at: map[string]string{}, pods: map[string]*corev1.Pod{}}
	labels := map[string]string{labelSite: strings.TrimSuffix(prefix, "-")}
	for _, n := range nodes {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: prefix + n.Name, Labels: labels}, Spec: corev1.NodeSpec{ProviderID: "openstack:///" + n.ServerID}}
		s.create(node)
		s.names = append(s.names, node.Name)
		s.ports[node.Name] = n.PortID
	}
	s.makeRecords()
	if prefix == "" { // else it has a window of its own
		s.grant(wholeGrant)
	}
	t.Cleanup(func() { s.clear(labels) })
	return s
}

// wholeGrant is the grant of all addresses of the fixture.
const wholeGrant = "10.0.200.0/24"

// grant grants the site's namespace addresses; "" grants none of those that it had.
func (s *site) grant(addresses string) {
	s.Helper()
	s.setGrants(map[string]string{s.namespace: addresses})
}

// setGrants has the cluster grant what data says, and nothing else.
func (s *site) setGrants(data map[string]string) {
	s.Helper()
	grants := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.granted, Name: grant.Name}, Data: data}
	err := s.admin.Update(s.Context(), grants)
	if apierrors.IsNotFound(err) {
		err = s.admin.Create(s.Context(), grants)
	}
	if err != nil {
		s.Fatal(err)
	}
}

// labelSite is the label of nodes that tells whose they are.
const labelSite = "site"

func (s *site) clear(nodes client.MatchingLabels) {
	ctx := context.Background()
	routers := s.admin.DeleteAllOf(ctx, &nov1.EgressRouter{}, client.InNamespace(s.namespace))
	if meta.IsNoMatchError(routers) {
		routers = nil
	}
	err := errors.Join(
		s.admin.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(s.namespace), client.GracePeriodSeconds(0)),
		s.admin.DeleteAllOf(ctx, &appsv1.Deployment{}, client.InNamespace(s.namespace)),
		s.admin.DeleteAllOf(ctx, &nadv1.NetworkAttachmentDefinition{}, client.InNamespace(s.namespace)),
		routers,
		s.admin.DeleteAllOf(ctx, &corev1.Node{}, nodes),
	)
	if s.records != "" {
		err = errors.Join(err, s.admin.DeleteAllOf(ctx, &corev1.ConfigMap{}, client.InNamespace(s.records), client.MatchingLabels(apply.RecordLabels())))
	}
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

// mac is router i's on net1: one of a CNI plugin's choice, so that its pair is recorded, or for every third router the fixed
// one, whose pair is its own record.
func mac(i int) string {
	if isOwn(i) {
		return fmt.Sprintf("02:e6:0a:00:c8:%02x", i+1)
	}
	return fmt.Sprintf("0a:58:0a:00:c8:%02x", i+1)
}

func isOwn(i int) bool { return i%3 == 2 }

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
	router := newRouter(i)
	router.Namespace = s.namespace
	text, err := json.Marshal(router)
	if err != nil {
		s.Fatal(err)
	}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name(i), Labels: egress.Labels(name(i)), Annotations: map[string]string{egress.AnnotationRouter: string(text)}},
		Spec: appsv1.DeploymentSpec{
			Paused: true, Replicas: new(int32(0)), Selector: &metav1.LabelSelector{MatchLabels: egress.Labels(name(i))},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: egress.Labels(name(i))}, Spec: podSpec("")},
		},
	}
	s.network(i, d.Name)
	s.create(d)
	return d
}

// operated makes router i as an EgressRouter of the operator's.
func (s *site) operated(i int) {
	s.Helper()
	router := newRouter(i)
	router.Namespace = s.namespace
	s.network(i, egress.OperatorNAD)
	s.create(router)
}

// network makes the NAD of that name be the one of router i, with a MAC of the plugin's choice.
func (s *site) network(i int, name string) {
	s.Helper()
	nad := &nadv1.NetworkAttachmentDefinition{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	if err := s.admin.Delete(context.Background(), nad); client.IgnoreNotFound(err) != nil {
		s.Fatal(err)
	}
	nad.Spec.Config = fmt.Sprintf(`{"cniVersion":"0.4.0","type":"egress-router","name":%q,"ip":{"addresses":["%s/16"],"destinations":["80 TCP 203.0.113.26"],"gateway":"10.0.0.1"}}`, name, address(i))
	s.create(nad)
}

func podSpec(node string) corev1.PodSpec {
	return corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "router", Image: "router:test"}}}
}

// put runs a pod of router i on a node, in place of the one that ran elsewhere.
func (s *site) put(i int, node string) { s.putAs(i, node, mac(i), egress.Labels(name(i))) }

func (s *site) putAs(i int, node, mac string, labels map[string]string) {
	s.Helper()
	s.end(i)
	pod := s.newPod(i, node, mac, labels)
	s.create(pod)
	lock.Lock()
	defer lock.Unlock()
	s.pods[name(i)], s.at[name(i)] = pod, node
}

func (s *site) newPod(i int, node, mac string, labels map[string]string) *corev1.Pod {
	nad, deployment := name(i), name(i)
	if labels["app"] == egress.OperatorApp {
		nad, deployment = egress.OperatorNAD, egress.OperatorDeployment
	}
	status := fmt.Sprintf(`[{"name":"ovn-kubernetes","interface":"eth0","ips":["10.128.0.9"],"default":true},{"name":"%s/%s","interface":"net1","ips":[%q],"mac":%q}]`,
		s.namespace, nad, address(i), mac)
	owner := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: deployment + "-5d4f8c7b9", UID: uuid.NewUUID(), Controller: new(true)}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, GenerateName: name(i) + "-", Labels: labels,
			OwnerReferences: []metav1.OwnerReference{owner}, Annotations: map[string]string{egress.AnnotationNetworkStatus: status}},
		Spec: podSpec(node),
	}
}

// lock guards what several workers of a test write.
var lock sync.Mutex

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
	var group sync.WaitGroup
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
