package check

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// openToAll is EGR218. Policies that could not be read are EGR202's.
func openToAll(c *state, r snapshot.Router) []finding.Finding {
	if !c.knows(r, policiesResource) || len(c.PoliciesOf(r)) > 0 {
		return nil
	}
	return one(r, finding.OpenToAll, "no NetworkPolicy selects the router's pod",
		"every pod of the cluster can send to the router, and what it sends leaves with the reserved address, as if it were yours",
		"let in the pods of its own namespace alone (create with --allow-from names others): "+c.piped(policyFor(r)))
}

// policyFor lets in to r what comes from its own namespace.
func policyFor(r snapshot.Router) any {
	return struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        map[string]string              `json:"metadata"`
		Spec            networkingv1.NetworkPolicySpec `json:"spec"`
	}{
		TypeMeta: metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy"},
		Metadata: map[string]string{"namespace": r.Namespace, "name": r.Name + "-clients"},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: r.Provisioner.PodLabels(r.Name)},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{
				From: []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{}}},
			}},
		},
	}
}
