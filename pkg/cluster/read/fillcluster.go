package read

import (
	"fmt"
	"net/netip"
	"strings"

	configv1 "github.com/openshift/api/config/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// namespaceLabels begin the labels that say what pods of a namespace may do, and which network they have.
func namespaceLabels() []string {
	return []string{"pod-security.kubernetes.io/", "k8s.ovn.org/primary-user-defined-network"}
}

func addNamespace(s *snapshot.Snapshot, namespace *metav1.PartialObjectMetadata) error {
	out := snapshot.Namespace{Name: namespace.Name}
	for key, value := range namespace.Labels {
		for _, prefix := range namespaceLabels() {
			if !strings.HasPrefix(key, prefix) {
				continue
			}
			if out.Labels == nil {
				out.Labels = map[string]string{}
			}
			out.Labels[key] = value
		}
	}
	s.Namespaces = append(s.Namespaces, out)
	return nil
}

func addInfrastructure(s *snapshot.Snapshot, infrastructure *configv1.Infrastructure) error {
	status := infrastructure.Status
	s.Cluster.Hosted = status.ControlPlaneTopology == configv1.ExternalTopologyMode
	if status.PlatformStatus == nil {
		return nil
	}
	s.Cluster.Platform = string(status.PlatformStatus.Type)
	return addVIPs(s, status.PlatformStatus)
}

// claim adds addresses that by holds; "" is none.
func claim(s *snapshot.Snapshot, by string, addresses ...string) {
	for _, address := range addresses {
		if address != "" {
			s.Claims = append(s.Claims, snapshot.Claim{Address: address, By: by})
		}
	}
}

// addVIPs adds the virtual IPs of whichever platform it is: each has its own type, with fields of the same
// names, and older clusters have but the single ones.
func addVIPs(s *snapshot.Snapshot, status *configv1.PlatformStatus) error {
	platforms, err := runtime.DefaultUnstructuredConverter.ToUnstructured(status)
	if err != nil {
		return fmt.Errorf("reading the platform's status: %w", err)
	}
	for _, platform := range platforms {
		fields, ok := platform.(map[string]any)
		if !ok {
			continue
		}
		for _, of := range []struct{ field, by string }{
			{"apiServerInternalIPs", "the API server's VIP"}, {"apiServerInternalIP", "the API server's VIP"},
			{"ingressIPs", "the ingress VIP"}, {"ingressIP", "the ingress VIP"},
		} {
			claim(s, of.by, texts(fields[of.field])...)
		}
	}
	return nil
}

// texts are the strings of a JSON value, one or a list, that are not empty.
func texts(value any) []string {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var out []string
	for _, item := range list {
		if text, ok := item.(string); ok && text != "" {
			out = append(out, text)
		}
	}
	return out
}

func addNetwork(s *snapshot.Snapshot, network *configv1.Network) error {
	s.Cluster.NetworkType = network.Status.NetworkType
	s.Cluster.PodCIDRs = collect.Map(network.Status.ClusterNetwork, func(entry configv1.ClusterNetworkEntry) string { return entry.CIDR })
	s.Cluster.ServiceCIDRs = append(s.Cluster.ServiceCIDRs, network.Status.ServiceNetwork...)
	return nil
}

func addServiceCIDR(s *snapshot.Snapshot, cidr *networkingv1.ServiceCIDR) error {
	s.Cluster.ServiceCIDRs = append(s.Cluster.ServiceCIDRs, cidr.Spec.CIDRs...)
	return nil
}

func addNetworkOperator(s *snapshot.Snapshot, operator *configv1.ClusterOperator) error {
	s.Cluster.NetworkOperator = &snapshot.Operator{}
	for _, condition := range operator.Status.Conditions {
		if condition.Type == configv1.OperatorDegraded {
			*s.Cluster.NetworkOperator = snapshot.Operator{
				Degraded: condition.Status == configv1.ConditionTrue,
				Reason:   condition.Reason, Message: condition.Message, Since: condition.LastTransitionTime.UTC(),
			}
		}
	}
	return nil
}

func addEgressIP(s *snapshot.Snapshot, object *unstructured.Unstructured) error {
	addresses, _, err := unstructured.NestedStringSlice(object.Object, "spec", "egressIPs")
	if err != nil {
		return fmt.Errorf("reading %s: %w", cluster.Name(object), err)
	}
	claim(s, "EgressIP "+object.GetName(), addresses...)
	return nil
}

// addCloudPrivateIP reads the address from the name: an IPv6 one stands there with dots for colons.
func addCloudPrivateIP(s *snapshot.Snapshot, object *metav1.PartialObjectMetadata) error {
	address := object.Name
	if _, err := netip.ParseAddr(address); err != nil {
		address = strings.ReplaceAll(address, ".", ":")
	}
	claim(s, "CloudPrivateIPConfig "+object.Name, address)
	return nil
}
