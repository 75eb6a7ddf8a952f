package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/templates"
)

// Clients are pods that may use a router: those of a namespace, or those of them that have all of the labels.
type Clients struct {
	Namespace string
	labels    map[string]string
}

// equal reports whether c and other are the same pods, as they are written.
func (c Clients) equal(other Clients) bool {
	return c.Namespace == other.Namespace && maps.Equal(c.labels, other.labels)
}

// ParseClients reads NAMESPACE[:LABEL=VALUE,...].
func ParseClients(text string) (Clients, error) {
	namespace, labels, some := strings.Cut(text, ":")
	c := Clients{Namespace: namespace}
	if problems := validation.IsDNS1123Label(namespace); len(problems) > 0 {
		return c, fmt.Errorf("%q is not a namespace's name: write NAMESPACE, or NAMESPACE:LABEL=VALUE with commas between labels", namespace)
	}
	if !some {
		return c, nil
	}
	var err error
	if c.labels, err = ParseLabels(strings.Split(labels, ","), "pod"); err != nil {
		return c, fmt.Errorf("%s: %w", text, err)
	}
	return c, nil
}

// ParseLabels reads LABEL=VALUE, each; of is what has them. Who writes another notation of selectors is told the one
// that is known here.
func ParseLabels(texts []string, of string) (map[string]string, error) {
	labels := map[string]string{}
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if !ok || len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
			return nil, fmt.Errorf("%q is not a label: write LABEL=VALUE, such as app=billing, with commas between several", text)
		}
		if other, twice := labels[key]; twice && other != value {
			return nil, fmt.Errorf("label %s is given as %s and as %s: no %s has both", key, other, value, of)
		}
		labels[key] = value
	}
	return labels, nil
}

// PolicyOptions say which NetworkPolicy of a router to render.
type PolicyOptions struct {
	// From are those who may use the router.
	From        []Clients
	Provisioner egress.Provisioner
	// Owner is the UID of the live EgressRouter that the policy goes with, or "" for none.
	Owner types.UID
}

// NetworkPolicy renders the policy by which only o.From can reach the router r.
func NetworkPolicy(r *nov1.EgressRouter, o PolicyOptions) (*unstructured.Unstructured, error) {
	var p networkingv1.NetworkPolicy
	if err := fill(templates.NetworkPolicy, &p); err != nil {
		return nil, err
	}
	p.Name, p.Namespace = r.Name, r.Namespace
	p.Labels = egress.Labels(r.Name)
	p.Spec.PodSelector = metav1.LabelSelector{MatchLabels: o.Provisioner.PodLabels(r.Name)}
	var peers []networkingv1.NetworkPolicyPeer
	for i, from := range o.From {
		if slices.ContainsFunc(o.From[:i], from.equal) {
			continue
		}
		peer := networkingv1.NetworkPolicyPeer{
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: from.Namespace}},
		}
		if len(from.labels) > 0 {
			peer.PodSelector = &metav1.LabelSelector{MatchLabels: from.labels}
		}
		peers = append(peers, peer)
	}
	if len(peers) > 0 { // without a peer, a rule would allow everybody
		p.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{From: peers}}
	}
	if o.Owner != "" {
		p.OwnerReferences = []metav1.OwnerReference{ownerReference(r, o.Owner)}
	}
	return toUnstructured(&p)
}
