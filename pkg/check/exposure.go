package check

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// openToAll is EGR218. Policies that could not be read are EGR202's. Policies add up: one that allows
// everybody leaves nothing for the others to limit.
func openToAll(c *state, r snapshot.Router) []finding.Finding {
	if !c.knows(r, policiesResource) {
		return nil
	}
	policies := c.PoliciesOf(r)
	for _, p := range policies {
		if len(p.Everybody) > 0 {
			fix, commands := c.closePolicies(r, policies)
			return one(r, finding.OpenToAll, sprintf("NetworkPolicy %s allows everybody: %s", p.Name, finding.Listed(p.Everybody, mostNamed, ", ")),
				"policies add up, so no other can take that back: every pod of the cluster can send to the router, and what it sends leaves with the reserved address",
				fix, commands...)
		}
	}
	if len(policies) > 0 {
		return nil
	}
	fix, command := "allow only the pods of its own namespace; create with --allow-from names others", c.Caller.Piped(policyFor(r), "create")
	if c.shares(r) {
		fix, command = "give each router a namespace of its own first (EGR113): a policy for their one pod would shut out the other's clients", ""
	}
	return one(r, finding.OpenToAll, "no NetworkPolicy selects the router's pod",
		"every pod of the cluster can send to the router, and what it sends leaves with the reserved address, as if it were yours",
		fix, command)
}

// closePolicies is how to have policies no longer allow everybody. What selects more than r's pod is not deleted: with it
// others may lose the clients that it allows to reach them. Where none remains that limits who may come, one takes their place.
func (c *state) closePolicies(r snapshot.Router, policies []snapshot.NetworkPolicy) (fix string, commands []string) {
	limits := false
	for _, p := range policies {
		if len(p.Everybody) == 0 {
			limits = true
			continue
		}
		for label, value := range r.Provisioner.PodLabels(r.Name) {
			if p.Pods.MatchLabels[label] != value || c.shares(r) {
				return "let it name who may use the router (create with --allow-from makes a policy of its own); it may be for other pods too, so agree on it with their owners",
					[]string{c.Caller.Kubectl(r.Namespace, "describe", "networkpolicy", p.Name)}
			}
		}
		commands = append(commands, c.Caller.Kubectl(r.Namespace, "delete", "networkpolicy", p.Name))
	}
	if limits {
		return "let it name who may use the router, or delete it: another policy limits that", commands
	}
	return "let it name who may use the router, or put one in its place that allows only the pods of its own namespace; create with --allow-from names others",
		append(commands, c.Caller.Piped(policyFor(r), "create"))
}

// policyFor allows what comes from r's own namespace.
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
