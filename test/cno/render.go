package cno

import (
	"context"
	"fmt"

	netopv1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	core "k8s.io/client-go/applyconfigurations/core/v1"
	meta "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/cno/facts"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
)

// ensure applies the router's two objects, or nothing if the router cannot be rendered.
func (o *operator) ensure(ctx context.Context, router *netopv1.EgressRouter) error {
	if err := facts.RenderError(&router.Spec); err != nil {
		return err
	}
	owner := meta.OwnerReference().
		WithAPIVersion(netopv1.GroupVersion.String()).WithKind("EgressRouter").
		WithName(router.Name).WithUID(router.UID).WithController(true)
	release, err := o.releaseOf(ctx, router.Namespace)
	if err != nil {
		return err
	}
	nad, err := renderNAD(router, release, owner)
	if err != nil {
		return err
	}
	options := []client.ApplyOption{client.FieldOwner(facts.FieldManager), client.ForceOwnership}
	if err := o.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(nad), options...); err != nil {
		return fmt.Errorf("failed to apply / update %s %s/%s: %w", nad.GroupVersionKind(), router.Namespace, facts.NADName, err)
	}
	if err := o.client.Apply(ctx, deployment(router.Namespace, facts.Networks(router.Spec.Addresses[0].Gateway), release, owner), options...); err != nil {
		return facts.ApplyError(router.Namespace, err)
	}
	return nil
}

func renderNAD(router *netopv1.EgressRouter, release Release, owner *meta.OwnerReferenceApplyConfiguration) (*unstructured.Unstructured, error) {
	config, err := facts.NADConfig(&router.Spec)
	if err != nil {
		return nil, err
	}
	nad := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": nettypes.SchemeGroupVersion.String(),
		"kind":       "NetworkAttachmentDefinition",
		"metadata": map[string]any{
			"namespace":   router.Namespace,
			"name":        facts.NADName,
			"annotations": map[string]any{facts.ReleaseAnnotation: release.Version},
			"ownerReferences": []any{map[string]any{
				"apiVersion": *owner.APIVersion, "kind": *owner.Kind,
				"name": *owner.Name, "uid": string(*owner.UID), "controller": *owner.Controller,
			}},
		},
		"spec": map[string]any{"config": config},
	}}
	return nad, nil
}

// deployment sets what the operator sets and no more, so that strategy, tolerations, node selector and
// restart annotation stay as others set them. Its pods know the gateway, but no rule.
func deployment(namespace, networks string, release Release, owner *meta.OwnerReferenceApplyConfiguration) *appsv1.DeploymentApplyConfiguration {
	labels := map[string]string{facts.Label: facts.LabelValue}
	container := core.Container().
		WithName("egress-router-cni-pod").
		WithImage(release.Image).
		WithCommand("/bin/sh", "-c", "sleep infinity").
		WithTerminationMessagePolicy(corev1.TerminationMessageFallbackToLogsOnError).
		WithResources(core.ResourceRequirements().WithRequests(corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}))
	return appsv1.Deployment(facts.DeploymentName, namespace).
		WithLabels(labels).
		WithAnnotations(map[string]string{facts.ReleaseAnnotation: release.Version}).
		WithOwnerReferences(owner).
		WithSpec(appsv1.DeploymentSpec().
			WithReplicas(1).
			WithSelector(meta.LabelSelector().WithMatchLabels(labels)).
			WithTemplate(core.PodTemplateSpec().
				WithLabels(labels).
				WithAnnotations(map[string]string{
					nettypes.NetworkAttachmentAnnot: networks,
					facts.WorkloadAnnotation:        facts.Workload,
				}).
				WithSpec(core.PodSpec().WithContainers(container))))
}
