package read

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// addService adds a Service that selects pods, and the addresses that any Service holds beside its cluster IP.
func addService(s *snapshot.Snapshot, service *corev1.Service) error {
	name := cluster.Key(service.Namespace, service.Name)
	claim(s, "an external IP of Service "+name, service.Spec.ExternalIPs...)
	balanced := collect.Map(service.Status.LoadBalancer.Ingress, func(i corev1.LoadBalancerIngress) string { return i.IP })
	claim(s, "the load balancer of Service "+name, balanced...)
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	out := snapshot.Service{
		Namespace: service.Namespace, Name: service.Name, Router: madeFor(service), Selector: service.Spec.Selector, ClusterIP: service.Spec.ClusterIP,
	}
	for _, p := range service.Spec.Ports {
		out.Ports = append(out.Ports, egress.Port{Number: p.Port, Protocol: nov1.ProtocolType(p.Protocol)})
		out.TargetPorts = append(out.TargetPorts, p.TargetPort.IntVal)
	}
	s.Services = append(s.Services, out)
	return nil
}

// addEndpoints adds one EndpointSlice. A pod that is on its way out is none to send to.
func addEndpoints(s *snapshot.Snapshot, slice *discoveryv1.EndpointSlice) error {
	service := slice.Labels[discoveryv1.LabelServiceName]
	if service == "" || slice.AddressType == discoveryv1.AddressTypeFQDN {
		return nil
	}
	out := snapshot.Endpoints{Namespace: slice.Namespace, Service: service}
	for _, endpoint := range slice.Endpoints {
		switch conditions := endpoint.Conditions; {
		case conditions.Ready == nil || *conditions.Ready:
			out.Ready = append(out.Ready, endpoint.Addresses...)
		case conditions.Terminating == nil || !*conditions.Terminating:
			out.NotReady = append(out.NotReady, endpoint.Addresses...)
		}
	}
	if len(out.Ready)+len(out.NotReady) > 0 {
		s.Endpoints = append(s.Endpoints, out)
	}
	return nil
}

func addNetworkPolicy(s *snapshot.Snapshot, policy *networkingv1.NetworkPolicy) error {
	if !slices.Contains(policy.Spec.PolicyTypes, networkingv1.PolicyTypeIngress) {
		return nil
	}
	out := snapshot.NetworkPolicy{Namespace: policy.Namespace, Name: policy.Name, Pods: policy.Spec.PodSelector}
	for _, rule := range policy.Spec.Ingress {
		ports := portWords(rule.Ports)
		if len(rule.From) == 0 {
			out.From = append(out.From, "all"+ports)
			out.Everybody = append(out.Everybody, "all"+ports)
		}
		for _, peer := range rule.From {
			words := peerWords(peer) + ports
			out.From = append(out.From, words)
			if everybody(peer) {
				out.Everybody = append(out.Everybody, words)
			}
		}
	}
	s.NetworkPolicies = append(s.NetworkPolicies, out)
	return nil
}

// peerWords says whom a peer of a policy is.
func peerWords(peer networkingv1.NetworkPolicyPeer) string {
	if block := peer.IPBlock; block != nil {
		if len(block.Except) > 0 {
			return block.CIDR + " except " + strings.Join(block.Except, " and ")
		}
		return block.CIDR
	}
	pods := "all pods"
	if !everything(peer.PodSelector) {
		pods = "pods " + metav1.FormatLabelSelector(peer.PodSelector)
	}
	switch {
	case peer.NamespaceSelector == nil:
		return pods + " in this namespace"
	case everything(peer.NamespaceSelector):
		return pods + " in all namespaces"
	case oneNamespace(peer.NamespaceSelector) != "":
		return pods + " in namespace " + oneNamespace(peer.NamespaceSelector)
	default:
		return pods + " in namespaces " + metav1.FormatLabelSelector(peer.NamespaceSelector)
	}
}

// oneNamespace is the name of the only namespace that a selector selects, or "".
func oneNamespace(selector *metav1.LabelSelector) string {
	if len(selector.MatchLabels)+len(selector.MatchExpressions) != 1 {
		return ""
	}
	return selector.MatchLabels[corev1.LabelMetadataName]
}

// everybody reports whether a peer of a policy is every pod of the cluster, as far as that can send to a router: by IPv4.
func everybody(peer networkingv1.NetworkPolicyPeer) bool {
	if block := peer.IPBlock; block != nil {
		cidr, err := netip.ParsePrefix(block.CIDR)
		return err == nil && cidr.Addr().Is4() && cidr.Bits() == 0 && len(block.Except) == 0
	}
	return peer.NamespaceSelector != nil && everything(peer.NamespaceSelector) && everything(peer.PodSelector)
}

// everything reports whether a selector selects all.
func everything(selector *metav1.LabelSelector) bool {
	return selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0
}

// portWords says to which ports a rule of a policy allows traffic, or "" for all.
func portWords(ports []networkingv1.NetworkPolicyPort) string {
	var words []string
	for _, p := range ports {
		protocol := corev1.ProtocolTCP
		if p.Protocol != nil {
			protocol = *p.Protocol
		}
		port := "all ports"
		if p.Port != nil {
			port = p.Port.String()
		}
		if p.Port != nil && p.EndPort != nil {
			port = fmt.Sprintf("%s-%d", port, *p.EndPort)
		}
		words = append(words, port+"/"+strings.ToLower(string(protocol)))
	}
	if len(words) == 0 {
		return ""
	}
	return " to " + strings.Join(words, ", ")
}
