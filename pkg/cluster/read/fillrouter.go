package read

import (
	"cmp"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// addEgressRouter adds an EgressRouter with the labels and annotations that it was given.
func addEgressRouter(s *snapshot.Snapshot, object *unstructured.Unstructured) error {
	found, err := FromEgressRouter(object)
	if err != nil {
		return err
	}
	s.Routers = append(s.Routers, found.Router)
	return nil
}

// addStandalone adds a standalone router with the labels and annotations that it was given, and its Deployment.
func addStandalone(s *snapshot.Snapshot, deployment *appsv1.Deployment) error {
	if !IsStandalone(deployment) {
		return nil
	}
	found, err := FromDeployment(deployment)
	if err != nil {
		return err
	}
	s.Routers = append(s.Routers, found.Router)
	s.Deployments = append(s.Deployments, deploymentOf(deployment))
	return nil
}

// Bare takes from the routers of s what is not the routers'.
func Bare(s *snapshot.Snapshot) {
	s.Routers = collect.Map(s.Routers, BareRouter)
}

// BareRouter is r with those of its metadata that a Snapshot may be shown with.
func BareRouter(r snapshot.Router) snapshot.Router {
	var out snapshot.Router
	out.TypeMeta, out.Spec, out.Provisioner, out.Changed = r.TypeMeta, r.Spec, r.Provisioner, r.Changed
	out.ObjectMeta = metav1.ObjectMeta{
		Name: r.Name, Namespace: r.Namespace, UID: r.UID, Generation: r.Generation, CreationTimestamp: r.CreationTimestamp,
		Annotations: ownAnnotations(r.Annotations),
	}
	return out
}

func addDeployment(s *snapshot.Snapshot, deployment *appsv1.Deployment) error {
	d := deploymentOf(deployment)
	if d.Foreign != "" && d.Router == "" {
		d = snapshot.Deployment{Namespace: d.Namespace, Name: d.Name, Created: d.Created, Foreign: d.Foreign} // the rest is no router's
	}
	s.Deployments = append(s.Deployments, d)
	return nil
}

// foreign is the selector of a Deployment that has the name of the operator's and another selector, and is there to stay; "" of
// any other.
func foreign(d *appsv1.Deployment) string {
	operators := &metav1.LabelSelector{MatchLabels: Operators()}
	if d.Name != egress.OperatorDeployment || d.DeletionTimestamp != nil || d.Spec.Selector == nil || equality.Semantic.DeepEqual(d.Spec.Selector, operators) {
		return ""
	}
	return metav1.FormatLabelSelector(d.Spec.Selector)
}

func deploymentOf(d *appsv1.Deployment) snapshot.Deployment {
	out := snapshot.Deployment{
		Namespace: d.Namespace, Name: d.Name, Router: routerOf(d), Created: d.CreationTimestamp.UTC(),
		Observed: d.Status.ObservedGeneration >= d.Generation, Generation: d.Generation,
		Replicas: 1, Current: d.Status.Replicas, Updated: d.Status.UpdatedReplicas, Available: d.Status.AvailableReplicas,
		Strategy: string(d.Spec.Strategy.Type), Foreign: foreign(d),
		NADHash:  d.Spec.Template.Annotations[egress.AnnotationNADHash],
		Networks: d.Spec.Template.Annotations[egress.AnnotationNetworks],
		Routes:   render.ReadRoutes(&d.Spec.Template.Spec), BlocksInbound: render.BlocksInbound(&d.Spec.Template.Spec),
		Template: templateOf(&d.Spec.Template.Spec),
	}
	if d.Spec.Replicas != nil {
		out.Replicas = *d.Spec.Replicas
	}
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
			out.Failure = condition.Message
		}
	}
	return out
}

// routerOf names the router that an object was made for: the EgressRouter that owns it, or the standalone
// one whose labels it has.
func routerOf(object metav1.Object) string {
	name := ""
	for _, owner := range object.GetOwnerReferences() {
		if owner.Kind == egress.Kind.Kind && (name == "" || owner.Controller != nil && *owner.Controller) {
			name = owner.Name
		}
	}
	return cmp.Or(name, madeFor(object))
}

// madeFor names the router that this tool made an object for, by its labels; "" where another made it.
func madeFor(object metav1.Object) string {
	labels := object.GetLabels()
	if labels[egress.LabelManagedBy] != egress.ManagedByValue || labels[egress.LabelName] != egress.NameValue {
		return ""
	}
	return labels[egress.LabelInstance]
}
