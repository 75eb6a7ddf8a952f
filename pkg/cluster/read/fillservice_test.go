package read

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func TestPolicyWords(t *testing.T) {
	x := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}}
	team := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: metav1.LabelSelectorOpIn, Values: []string{"a", "b"}}}}
	all := &metav1.LabelSelector{}
	udp, web, dns, end := corev1.ProtocolUDP, intstr.FromString("web"), intstr.FromInt32(53), int32(60)
	from := func(peers ...networkingv1.NetworkPolicyPeer) []networkingv1.NetworkPolicyIngressRule {
		return []networkingv1.NetworkPolicyIngressRule{{From: peers}}
	}
	for name, test := range map[string]struct {
		rules []networkingv1.NetworkPolicyIngressRule
		want  []string
	}{
		"nobody":                {nil, nil},
		"all":                   {from(), []string{"all"}},
		"pods here":             {from(networkingv1.NetworkPolicyPeer{PodSelector: x}), []string{"pods app=x in this namespace"}},
		"all pods here":         {from(networkingv1.NetworkPolicyPeer{PodSelector: all}), []string{"all pods in this namespace"}},
		"pods of a team":        {from(networkingv1.NetworkPolicyPeer{PodSelector: x, NamespaceSelector: team}), []string{"pods app=x in namespaces team in (a,b)"}},
		"a namespace by name":   {from(networkingv1.NetworkPolicyPeer{PodSelector: x, NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "shop"}}}), []string{"pods app=x in namespace shop"}},
		"all pods of a team":    {from(networkingv1.NetworkPolicyPeer{NamespaceSelector: team}), []string{"all pods in namespaces team in (a,b)"}},
		"all pods of all":       {from(networkingv1.NetworkPolicyPeer{NamespaceSelector: all}), []string{"all pods in all namespaces"}},
		"a network":             {from(networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "10.0.0.0/8"}}), []string{"10.0.0.0/8"}},
		"a network less others": {from(networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.1.0.0/16", "10.2.0.0/16"}}}), []string{"10.0.0.0/8 except 10.1.0.0/16 and 10.2.0.0/16"}},
		"any address":           {from(networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0"}}), []string{"0.0.0.0/0"}},
		"any of IPv6":           {from(networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "::/0"}}), []string{"::/0"}},
		"any address but some":  {from(networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: []string{"10.0.0.0/8"}}}), []string{"0.0.0.0/0 except 10.0.0.0/8"}},
		"to ports": {[]networkingv1.NetworkPolicyIngressRule{{Ports: []networkingv1.NetworkPolicyPort{{Port: &web}, {Protocol: &udp, Port: &dns, EndPort: &end}, {Protocol: &udp}}}},
			[]string{"all to web/tcp, 53-60/udp, all ports/udp"}},
	} {
		t.Run(name, func(t *testing.T) {
			var s snapshot.Snapshot
			policy := &networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}, Ingress: test.rules}}
			if err := addNetworkPolicy(&s, policy); err != nil {
				t.Fatal(err)
			}
			if got := s.NetworkPolicies[0].From; !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			var everybody []string
			if slices.Contains([]string{"all", "all pods of all", "any address", "to ports"}, name) {
				everybody = test.want
			}
			if got := s.NetworkPolicies[0].Everybody; !slices.Equal(got, everybody) {
				t.Errorf("everybody: %q, want %q", got, everybody)
			}
		})
	}
	var s snapshot.Snapshot
	out := &networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}}}
	if err := addNetworkPolicy(&s, out); err != nil || len(s.NetworkPolicies) != 0 {
		t.Errorf("one that limits what goes out was taken: %+v, %v", s.NetworkPolicies, err)
	}
}

func TestEndpoints(t *testing.T) {
	yes, no := true, false
	slice := func(kind discoveryv1.AddressType, conditions discoveryv1.EndpointConditions) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{discoveryv1.LabelServiceName: "web"}}, AddressType: kind,
			Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.128.0.9"}, Conditions: conditions}},
		}
	}
	orphan := slice(discoveryv1.AddressTypeIPv4, discoveryv1.EndpointConditions{})
	orphan.Labels = nil
	for name, test := range map[string]struct {
		slice           *discoveryv1.EndpointSlice
		ready, notReady int
	}{
		"ready":          {slice(discoveryv1.AddressTypeIPv4, discoveryv1.EndpointConditions{Ready: &yes}), 1, 0},
		"unsaid":         {slice(discoveryv1.AddressTypeIPv4, discoveryv1.EndpointConditions{}), 1, 0},
		"not ready":      {slice(discoveryv1.AddressTypeIPv4, discoveryv1.EndpointConditions{Ready: &no}), 0, 1},
		"on its way out": {slice(discoveryv1.AddressTypeIPv4, discoveryv1.EndpointConditions{Ready: &no, Terminating: &yes}), 0, 0},
		"a name":         {slice(discoveryv1.AddressTypeFQDN, discoveryv1.EndpointConditions{Ready: &yes}), 0, 0},
		"nobody's":       {orphan, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var s snapshot.Snapshot
			if err := addEndpoints(&s, test.slice); err != nil {
				t.Fatal(err)
			}
			got := s.Index().EndpointsOf(snapshot.Service{Name: "web"})
			if len(got.Ready) != test.ready || len(got.NotReady) != test.notReady {
				t.Errorf("got %+v", got)
			}
		})
	}
}
