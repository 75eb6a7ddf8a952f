package controller_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// tenant is a user with the role edit in one namespace, and nothing else.
type tenant struct {
	*site
	// as is how the tenant writes, and in where.
	as client.Client
	in string
}

// The addresses of a site of tenants: those that somebody has, and those that a tenant is granted by name or as a network.
const (
	vip      = "10.0.0.5"    // of a free port, and of the nodes' ports without a MAC
	egressIP = "10.0.210.7"  // reserved by OpenShift
	serverIP = "10.0.210.8"  // a server's that is no node
	kept     = "10.0.210.9"  // of a port without an owner
	unheld   = "10.0.220.77" // nobody's
	byHand   = "10.0.220.88" // of a pair that an administrator has written, before there is a router
	granted  = "10.0.210.0/24,10.0.0.0/28,10.0.1.0/28"
)

// attack is what a tenant does, and what is said of it.
type attack struct {
	name string
	// grant is the tenant's namespace's; "" for none at all.
	grant, nodes, most string
	do                 func(m *tenant)
	// said is in an Event in the tenant's namespace.
	said string
}

// testAttacks: whatever a tenant writes, nothing is written to Neutron for it, nothing of anybody's is removed, a router of
// another namespace moves with as many writes as ever, and the tenant is told.
func (c *shared) testAttacks(t *testing.T) {
	s := c.newSite(t, fakeneutron.Options{Ports: 4})
	m := s.newTenant(c, "tenant")
	others := s.occupy()
	s.standalone(0)
	s.standalone(2)
	s.put(0, "worker-1")
	s.put(2, "worker-3")
	p := s.run(nil)
	honest := func() map[string][]string {
		return joinPairs(others, map[string][]string{s.at[name(0)]: {address(0) + " " + mac(0)}, s.at[name(2)]: {address(2) + " " + mac(2)}})
	}
	s.await(honest())
	s.awaitRecord("worker-1")
	const asked = "map[GET configmaps:2 GET deployments:1 GET egressrouters:1 GET pods:2 PATCH configmaps:2]"
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			s.T = t
			m.grants(a)
			a.do(m)
			m.awaitSaid(a.said)
			s.neutron.ResetRequests()
			p.proxy.Reset()
			s.put(0, "worker-2")
			s.await(honest())
			s.awaitRecord("worker-2")
			if got := fmt.Sprint(p.asked()); got != asked {
				t.Errorf("the API server was asked %s, want %s", got, asked)
			}
			if got, want := fmt.Sprint(s.puts()), "map[worker-1:1 worker-2:1]"; got != want {
				t.Errorf("ports were written %s, want %s", got, want)
			}
			// Nor does anything go with what the tenant takes away again.
			m.leave()
			s.put(0, "worker-1")
			s.await(honest())
			s.awaitRecord("worker-1")
		})
	}
	s.T = t
	p.stop()
}

// asked counts what the API server was asked since the last reset, by verb and resource, without watches, Events and Leases.
func (p *process) asked() map[string]int {
	out := map[string]int{}
	for _, r := range p.proxy.Requests() {
		path, query, _ := strings.Cut(r.Path, "?")
		parts := strings.Split(path, "/")
		i := slices.IndexFunc(parts, func(part string) bool {
			return slices.Contains([]string{"configmaps", "deployments", "egressrouters", "pods", "network-attachment-definitions", "nodes"}, part)
		})
		if i >= 0 && !strings.Contains(query, "watch=") {
			out[r.Method+" "+parts[i]]++
		}
	}
	return out
}

// attacks are those of the tenant.
func attacks() []attack {
	return slices.Concat(ungrantedAttacks(), grantedAttacks())
}

// ungrantedAttacks are those of a tenant who is granted nothing.
func ungrantedAttacks() []attack {
	forged := func(ip, mac string) func(*tenant) {
		return func(m *tenant) { m.forge("evil", ip, "worker-1", mac) }
	}
	const denied = "namespace tenant is granted no address"
	return []attack{
		{name: "the API's VIP", do: forged(vip, "02:e6:0a:00:00:05"), said: denied},
		{name: "another's reserved address", do: forged(address(0), "02:00:00:00:66:01"), said: denied},
		{name: "another's own pair", do: forged(address(2), mac(2)), said: denied},
		{name: "an address that nobody holds", do: forged(unheld, "02:e6:0a:00:dc:4d"), said: denied},
		{name: "the own MAC of another node", do: func(m *tenant) { m.forge("evil", unheld, "worker-1", m.neutron.Seed().Nodes[1].MAC) }, said: denied},
		{name: "another router's MAC", do: forged(unheld, mac(0)), said: denied},
		{name: "any MAC", do: forged(unheld, "00:50:56:00:00:01"), said: denied},
		{name: "no MAC", do: forged(unheld, "x"), said: denied},
		{name: "a pair by hand", do: forged(byHand, "02:e6:0a:00:dc:58"), said: denied},
		{name: "a record of the VIP's pair", do: func(m *tenant) {
			m.router("evil", unheld+"/16", map[string]string{egress.AnnotationOpenStack: m.recordOf("worker-1", vip, m.neutron.Seed().Nodes[0].MAC)})
		}, said: denied},
		{name: "a record of another's pair", do: func(m *tenant) {
			m.router("evil", unheld+"/16", map[string]string{egress.AnnotationOpenStack: m.recordOf("worker-3", address(2), mac(2))})
		}, said: denied},
		{name: "a port's 10 pairs", do: func(m *tenant) {
			for i := range 12 {
				m.forge(fmt.Sprintf("evil-%d", i), fmt.Sprintf("10.0.221.%d", i+1), "worker-2", fmt.Sprintf("02:00:00:00:66:%02x", i))
			}
		}, said: denied},
		{name: "an annotation that nobody can read", do: func(m *tenant) { m.deployment("evil", map[string]string{egress.AnnotationRouter: "{"}) }, said: "cannot be understood"},
		{name: "an annotation of another type", do: func(m *tenant) { m.deployment("evil", map[string]string{egress.AnnotationRouter: `{"spec":[]}`}) }, said: "cannot be understood"},
		{name: "the name of another's router", do: func(m *tenant) { m.forge(name(0), unheld, "worker-1", mac(0)) }, said: denied},
		{name: "no address", do: func(m *tenant) { m.router("evil", "", nil) }, said: denied},
		{name: "everything", do: func(m *tenant) { m.router("evil", "0.0.0.0/0", nil) }, said: denied},
		{name: "a mapped address", do: func(m *tenant) { m.router("evil", "::ffff:"+address(0)+"/112", nil) }, said: denied},
		{name: "many at once", do: func(m *tenant) {
			for i := range 60 {
				m.router(fmt.Sprintf("evil-%d", i), fmt.Sprintf("10.0.222.%d/16", i+1), nil)
			}
		}, said: denied},
		{name: "a network-status that is none", do: func(m *tenant) {
			m.router("evil", unheld+"/16", nil)
			m.pod("evil", "evil-1", "worker-1", "{")
		}, said: denied},
		{name: "a router that says it is another's", do: func(m *tenant) {
			r := m.described(name(0), address(0)+"/16")
			r.Namespace = m.namespace
			text, err := json.Marshal(r)
			if err != nil {
				m.Fatal(err)
			}
			m.deployment("evil", map[string]string{egress.AnnotationRouter: string(text)})
		}, said: denied},
	}
}

// grantedAttacks are those of a tenant who is granted something, and asks for more, or forges what stands on it.
func grantedAttacks() []attack {
	const own, other = "10.0.210.10", "10.0.210.11"
	whole := func(ip, mac string) func(*tenant) {
		return func(m *tenant) {
			m.nad(ip, "")
			m.forge("evil", ip, "worker-1", mac)
		}
	}
	return []attack{
		{name: "an address beside the grant", grant: own, do: whole(other, "02:00:00:00:66:01"), said: "namespace tenant is not granted " + other},
		{name: "an address that another is granted", grant: own, do: whole(address(2), mac(2)), said: "namespace tenant is not granted " + address(2)},
		{name: "a pair by hand, beside the grant", grant: own, do: whole(byHand, "02:e6:0a:00:dc:58"), said: "namespace tenant is not granted " + byHand},
		{name: "no NAD", grant: own, do: func(m *tenant) { m.forge("evil", own, "worker-1", "02:00:00:00:66:01") }, said: "its NAD evil is gone"},
		{name: "another's NAD", grant: own, do: func(m *tenant) {
			m.nad(other, "")
			m.forge("evil", own, "worker-1", "02:00:00:00:66:01")
		}, said: "its NAD evil has address " + other},
		{name: "a pod of nobody's", grant: own, do: func(m *tenant) {
			m.nad(own, "")
			m.router("evil", own+"/16", nil)
			m.pod("evil", "", "worker-1", m.status("evil", own, "02:00:00:00:66:01"))
		}, said: "no ReplicaSet of that controls it"},
		{name: "a MAC beside the NAD's", grant: own, do: func(m *tenant) {
			m.nad(own, "02:00:00:00:66:02")
			m.forge("evil", own, "worker-1", "02:00:00:00:66:01")
		}, said: `its NAD fixes "02:00:00:00:66:02"`},
		{name: "a port's MAC", grant: own, do: func(m *tenant) { whole(own, m.neutron.Seed().Nodes[1].MAC)(m) }, said: "Neutron gives fa:16:3e:... to ports"},
		{name: "a device's MAC", grant: own, do: whole(own, "00:50:56:00:00:01"), said: "must be locally administered"},
		{name: "another router's own MAC", grant: own, do: whole(own, mac(2)), said: "is the one of address " + address(2)},
		{name: "another router's random MAC", grant: own, do: whole(own, mac(0)), said: "is that of partners/" + name(0) + ", which has had it before"},
		{name: "a node that is not allowed", grant: own, nodes: "egress=yes", do: whole(own, "02:00:00:00:66:01"), said: "is granted nodes with egress=yes only"},
		{name: "the VIP, by mistake", grant: granted, do: whole(vip, "02:e6:0a:00:00:05"), said: "EGR307: " + vip},
		{name: "an EgressIP, by mistake", grant: granted, do: whole(egressIP, "02:00:00:00:66:01"), said: "EGR307: " + egressIP + " belongs to port"},
		{name: "a machine's, by mistake", grant: granted, do: whole(serverIP, "02:00:00:00:66:01"), said: "EGR307: " + serverIP + " belongs to port"},
		{name: "a port without an owner", grant: granted, do: whole(kept, "02:00:00:00:66:01"), said: "EGR307: " + kept + " belongs to port"},
		{name: "a node's, by mistake", grant: granted, do: whole("10.0.1.2", "02:00:00:00:66:01"), said: "EGR307: 10.0.1.2 belongs to port"},
		{name: "a grant that nobody can read", grant: "10.0.210.10/33", do: whole(own, "02:00:00:00:66:01"), said: "the grant of namespace tenant cannot be read"},
		{name: "a grant that was withdrawn", grant: " ", do: whole(own, "02:00:00:00:66:01"), said: "it is granted no address"},
	}
}

// newTenant makes a user with the role edit in a namespace of his own.
func (s *site) newTenant(c *shared, namespace string) *tenant {
	s.Helper()
	c.prepare(s.T, namespace)
	s.create(&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "edit"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "edit"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "mallory"}}})
	config := rest.CopyConfig(c.cluster.Config)
	config.Impersonate.UserName = "mallory"
	as, err := kube.NewClient(config)
	if err != nil {
		s.Fatal(err)
	}
	m := &tenant{s, as, namespace}
	err = kube.Await(s.Context(), "the tenant has the role", func(ctx context.Context) (bool, error) {
		err := m.as.List(ctx, &corev1.PodList{}, client.InNamespace(namespace))
		return err == nil, nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return m
}

// occupy has others hold addresses, and returns the pairs that stand for them.
func (s *site) occupy() map[string][]string {
	for ip, owner := range map[string]fakeneutron.Port{
		vip: {Name: "api-vip"}, egressIP: {DeviceID: "x", DeviceOwner: "OpenShiftEgressIP"}, serverIP: {DeviceID: "db", Name: "db"}, kept: {Name: "kept"},
	} {
		owner.FixedIPs = []fakeneutron.FixedIP{{IP: ip}}
		s.neutron.AddPort(owner)
	}
	out := map[string][]string{}
	for node, id := range s.ports {
		pairs := []fakeneutron.Pair{{IP: vip}}
		if node == "worker-4" {
			pairs = append(pairs, fakeneutron.Pair{IP: byHand, MAC: "02:e6:0a:00:dc:58"})
		}
		s.neutron.SetPairs(id, pairs)
		out[node] = s.pairs()[node]
	}
	return out
}

// joinPairs are the pairs of both, sorted.
func joinPairs(a, b map[string][]string) map[string][]string {
	out := map[string][]string{}
	for _, node := range slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))) {
		out[node] = slices.Sorted(slices.Values(slices.Concat(a[node], b[node])))
	}
	return out
}

// grants grants the site's namespace what it has, and the tenant's what a says.
func (m *tenant) grants(a attack) {
	data := map[string]string{m.namespace: wholeGrant}
	for key, value := range map[string]string{m.in: a.grant, m.in + ".nodes": a.nodes, m.in + ".max": a.most} {
		if value != "" {
			data[key] = value
		}
	}
	m.setGrants(data)
}

// plant creates what the tenant may create.
func (m *tenant) plant(o client.Object) {
	m.Helper()
	if err := m.as.Create(m.Context(), o); err != nil {
		m.Fatalf("the tenant may not create %T %s: %v", o, o.GetName(), err)
	}
}

// described is a router as an annotation has it.
func (m *tenant) described(name, address string) *nov1.EgressRouter {
	r := newRouter(0)
	r.Namespace, r.Name = m.in, name
	r.Spec.Addresses = nil
	if address != "" {
		r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: address, Gateway: "10.0.0.1"}}
	}
	return r
}

// router forges a standalone router that has no pods of its own.
func (m *tenant) router(name, address string, annotations map[string]string) {
	m.Helper()
	text, err := json.Marshal(m.described(name, address))
	if err != nil {
		m.Fatal(err)
	}
	all := map[string]string{egress.AnnotationRouter: string(text)}
	maps.Copy(all, annotations)
	m.deployment(name, all)
}

func (m *tenant) deployment(name string, annotations map[string]string) {
	m.Helper()
	m.plant(&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: m.in, Name: name, Labels: egress.Labels(name), Annotations: annotations},
		Spec: appsv1.DeploymentSpec{Paused: true, Replicas: new(int32(0)), Selector: &metav1.LabelSelector{MatchLabels: egress.Labels(name)},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: egress.Labels(name)}, Spec: podSpec("")}},
	})
}

// pod forges a pod of a router, as of a ReplicaSet, on a node.
func (m *tenant) pod(router, owner, node, status string) {
	m.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: m.in, GenerateName: router + "-", Labels: egress.Labels(router), Annotations: map[string]string{egress.AnnotationNetworkStatus: status}},
		Spec:       podSpec(node),
	}
	if owner != "" {
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: owner, UID: uuid.NewUUID(), Controller: new(true)}}
	}
	m.plant(pod)
}

func (m *tenant) status(nad, ip, mac string) string {
	return fmt.Sprintf(`[{"name":"ovn-kubernetes","interface":"eth0","ips":["10.128.0.9"],"default":true},{"name":"%s/%s","interface":"net1","ips":[%q],"mac":%q}]`, m.in, nad, ip, mac)
}

// forge forges a router, and a pod of it that shows an address and a MAC on a node.
func (m *tenant) forge(name, ip, node, mac string) {
	m.Helper()
	m.router(name, ip+"/16", nil)
	m.pod(name, name+"-5d4f8c7b9", node, m.status(name, ip, mac))
}

// nad has an administrator make the NAD of the tenant's router evil.
func (m *tenant) nad(ip, mac string) {
	m.Helper()
	const name = "evil"
	tuning := ""
	if mac != "" {
		tuning = fmt.Sprintf(`,{"type":"tuning","mac":%q}`, mac)
	}
	nad := &nadv1.NetworkAttachmentDefinition{ObjectMeta: metav1.ObjectMeta{Namespace: m.in, Name: name}}
	nad.Spec.Config = fmt.Sprintf(`{"cniVersion":"0.4.0","name":%q,"plugins":[{"type":"egress-router","ip":{"addresses":["%s/16"],"gateway":"10.0.0.1"}}%s]}`, name, ip, tuning)
	m.create(nad)
}

// recordOf is what once was a record of a pair.
func (m *tenant) recordOf(node, ip, mac string) string {
	return fmt.Sprintf(`[{"port":%q,"ip":%q,"mac":%q}]`, m.ports[node], ip, mac)
}

// awaitSaid waits until an Event in the tenant's namespace says something.
func (m *tenant) awaitSaid(what string) {
	m.Helper()
	var notes []string
	err := kube.Await(m.Context(), "the tenant is told", func(ctx context.Context) (bool, error) {
		var list eventsv1.EventList
		if err := m.admin.List(ctx, &list, client.InNamespace(m.in)); err != nil {
			return false, err
		}
		notes = nil
		for _, e := range list.Items {
			notes = append(notes, e.Note)
		}
		return slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, what) }), nil
	})
	if err != nil {
		m.Fatalf("%v %q: the Events say %q", err, what, notes)
	}
}

// leave has the tenant take away all that it made, and what was said of it.
func (m *tenant) leave() {
	m.Helper()
	ctx := context.Background()
	m.release()
	for _, o := range []client.Object{&appsv1.Deployment{}, &nov1.EgressRouter{}, &corev1.Pod{}, &nadv1.NetworkAttachmentDefinition{}, &eventsv1.Event{}} {
		if err := m.admin.DeleteAllOf(ctx, o, client.InNamespace(m.in), client.GracePeriodSeconds(0)); err != nil {
			m.Fatal(err)
		}
	}
}
