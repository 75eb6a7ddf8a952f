package cluster_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	cloudnetworkv1 "github.com/openshift/api/cloudnetwork/v1"
	configv1 "github.com/openshift/api/config/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// testSnapshot compares all that is read of a cluster in which everything is that can be read: an operator's
// router and a standalone one that serve, one that hangs, and others who hold addresses.
func (s *server) testSnapshot(t *testing.T) {
	for name, labels := range map[string]map[string]string{
		"billing": {"pod-security.kubernetes.io/enforce": "privileged", "team": "billing"},
		"shop":    {"k8s.ovn.org/primary-user-defined-network": ""},
		"hung":    nil, "elsewhere": nil,
	} {
		s.create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
	}
	s.plantClaims(t)
	if err := serve(t.Context(), s.client, newRouter("billing", "partner-a", "192.168.12.99/24", "192.168.12.1"), egress.Operator); err != nil {
		t.Fatal(err)
	}
	if err := serve(t.Context(), s.client, newRouter("shop", "partner-b", "192.168.12.98/24", "192.168.12.1"), egress.Standalone); err != nil {
		t.Fatal(err)
	}
	s.create(t, newPolicy("billing"))
	if _, err := applyRouter(t.Context(), s.client, newRouter("hung", "partner-c", "2001:db8::99/64", "2001:db8::1"), egress.Operator); err != nil {
		t.Fatal(err)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-2"}}
	s.patchStatus(t, node, `{"status":{"nodeInfo":{"systemUUID":"4c4c4544-0000-2010-8020-80c04f202020"}}}`)
	var got *snapshot.Snapshot
	eventually(t, "the hanging pod has its event and the Services have their endpoints", func(ctx context.Context) (bool, error) {
		var err error
		got, err = read.Snapshot(ctx, s.client, read.Options{Checks: true})
		if err != nil {
			return false, err
		}
		i := slices.IndexFunc(got.Pods, func(p snapshot.Pod) bool { return p.Namespace == "hung" })
		return i >= 0 && len(got.Pods[i].Events) > 0 && got.Pods[i].State == "ContainerCreating" && len(got.Endpoints) == 2, nil
	})
	compare(t, got, "snapshot.json")
}

// plantClaims makes what holds addresses beside nodes and routers.
func (s *server) plantClaims(t *testing.T) {
	egressIP := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "k8s.ovn.org/v1", "kind": "EgressIP", "metadata": map[string]any{"name": "prod"},
		"spec": map[string]any{"egressIPs": []any{"192.168.12.101", "192.168.12.102"}, "namespaceSelector": map[string]any{}},
	}}
	private := &cloudnetworkv1.CloudPrivateIPConfig{ObjectMeta: metav1.ObjectMeta{Name: "192.168.12.103"}}
	private6 := &cloudnetworkv1.CloudPrivateIPConfig{ObjectMeta: metav1.ObjectMeta{Name: "2001.0db8.0000.0000.0000.0000.0000.0103"}}
	web := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "elsewhere", Name: "web"},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Port: 80}},
			Selector: map[string]string{"app": "web"}, ExternalIPs: []string{"192.168.12.104"},
		},
	}
	s.create(t, egressIP, private, private6, web,
		newNAD("elsewhere", "static", `{"cniVersion":"0.4.0","type":"macvlan","ipam":{"type":"static","addresses":[{"address":"192.168.12.105/24"}]}}`),
		newNAD("elsewhere", "pool", `{"cniVersion":"0.4.0","name":"pool","plugins":[{"type":"ipvlan","ipam":{"type":"whereabouts",`+
			`"range":"192.168.14.0/24","range_start":"192.168.14.8","range_end":"192.168.14.15","exclude":["192.168.14.12/30"]}}]}`),
	)
	s.patchStatus(t, web, `{"status":{"loadBalancer":{"ingress":[{"ip":"192.168.12.106"}]}}}`)
	infrastructure := &configv1.Infrastructure{ObjectMeta: metav1.ObjectMeta{Name: "cluster"}}
	s.patchStatus(t, infrastructure, `{"status":{"platform":"OpenStack","platformStatus":{"type":"OpenStack","openstack":{`+
		`"apiServerInternalIP":"192.168.12.5","apiServerInternalIPs":["192.168.12.5"],"ingressIP":"192.168.12.7","ingressIPs":["192.168.12.7"]}}}}`)
}

func newNAD(namespace, name, config string) *nadv1.NetworkAttachmentDefinition {
	return &nadv1.NetworkAttachmentDefinition{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       nadv1.NetworkAttachmentDefinitionSpec{Config: config},
	}
}

// newPolicy allows a team and a network.
func newPolicy(namespace string) client.Object {
	return &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "only-the-team"},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": egress.OperatorApp}},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{
				{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"may": "egress"}}, NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "billing"}}},
				{IPBlock: &networkingv1.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.1.0.0/16"}}},
			}}},
		},
	}
}

// compare compares s with a golden file, in which what differs from run to run has one name for all.
func compare(t *testing.T, s *snapshot.Snapshot, golden string) {
	t.Helper()
	var out bytes.Buffer
	if err := s.Write(&out); err != nil {
		t.Fatal(err)
	}
	got := out.Bytes()
	for _, r := range []struct{ pattern, with string }{
		{`"uid": "[0-9a-f-]{36}"`, `"uid": "<uid>"`},
		{`_[0-9a-f-]{36}_`, `_<uid>_`},
		{`/[0-9a-f-]{36}:`, `/<uid>:`},
		{`[0-9a-f]{64}`, `<id>`},
		{`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`, `<time>`},
		{`-[b-df-hj-np-tv-z2456789]{8,10}-[b-df-hj-np-tv-z2456789]{5}`, `-<pod>`},
		{`-[b-df-hj-np-tv-z2456789]{8,10}"`, `-<hash>"`},
		{`172\.30\.\d+\.\d+"`, `<service>"`},
		{`10\.128\.0\.\d+"`, `<eth0>"`},
		{`"mac": "[0-9a-f]([26ae]):(?:[^"]*)"`, `"mac": "<random>"`},
		{`"count": \d+`, `"count": <n>`},
		{`"generation": [1-9]\d*`, `"generation": <n>`},
	} {
		// The fixed MAC is no random one.
		got = regexp.MustCompile(r.pattern).ReplaceAllFunc(got, func(match []byte) []byte {
			if bytes.Contains(match, []byte("02:e6:")) {
				return match
			}
			return []byte(r.with)
		})
	}
	path := filepath.Join("testdata", golden)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant what is in %s", got, path)
	}
}
