package cluster

import (
	"context"
	"fmt"
	"slices"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// NeededRights are what creating, exposing and deleting a router takes in its namespace, in the order in
// which it is taken. Auto takes what the operator's provisioner does.
func NeededRights(provisioner egress.Provisioner) []snapshot.Right {
	var needed []snapshot.Right
	add := func(kind Kind, verbs ...string) {
		needed = append(needed, collect.Map(verbs, func(verb string) snapshot.Right {
			return snapshot.Right{Verb: verb, Group: kind.GVR().Group, Resource: kind.GVR().Resource}
		})...)
	}
	look := []string{"get", "list", "watch"}
	// Server-side apply is a patch, and where there is nothing yet a creation too.
	write := append(slices.Clone(look), "create", "patch", "delete")
	if provisioner == egress.Standalone {
		add(NADs, write...)
		add(Deployments, write...)
	} else {
		add(EgressRouters, write...)
		add(NADs, look...)
		// Changed rules reach the pod by a restart.
		add(Deployments, append(look, "patch")...)
	}
	add(Pods, "list", "watch")
	add(Services, write...)
	// What limits who may use the router goes with it.
	add(NetworkPolicies, write...)
	return needed
}

// Rights asks the server, in one request, which of the rights that a router of the provisioner takes the
// user has in a namespace.
func (c *Client) Rights(ctx context.Context, namespace string, provisioner egress.Provisioner) (*snapshot.Rights, error) {
	review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
	var answer authorizationv1.SelfSubjectRulesReview
	gvr := authorizationv1.SchemeGroupVersion.WithResource("selfsubjectrulesreviews")
	err := c.Retry(ctx, func() error {
		return c.builtin.Post().AbsPath("/apis", gvr.Group, gvr.Version, gvr.Resource).
			SpecificallyVersionedParams(&metav1.CreateOptions{}, scheme.ParameterCodec, metav1.Unversioned).
			Body(review).Do(ctx).Into(&answer)
	})
	if err != nil {
		return nil, fmt.Errorf("asking what you may do in namespace %s: %w", namespace, Explain(err, "create", gvr, ""))
	}
	rights := &snapshot.Rights{Namespace: namespace, Incomplete: answer.Status.Incomplete}
	for _, right := range NeededRights(provisioner) {
		if grants(answer.Status.ResourceRules, right) {
			rights.Held++
			continue
		}
		rights.Missing = append(rights.Missing, right)
	}
	return rights, nil
}

// grants reports whether one of rules gives right on every object. A rule for some names alone does not.
func grants(rules []authorizationv1.ResourceRule, right snapshot.Right) bool {
	return slices.ContainsFunc(rules, func(rule authorizationv1.ResourceRule) bool {
		return len(rule.ResourceNames) == 0 && listed(rule.Verbs, right.Verb) &&
			listed(rule.APIGroups, right.Group) && listed(rule.Resources, right.Resource)
	})
}

// listed reports whether list holds s, or all.
func listed(list []string, s string) bool {
	return slices.Contains(list, s) || slices.Contains(list, "*")
}
