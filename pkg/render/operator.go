package render

import (
	"fmt"

	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// OperatorPart renders what o asks of the Deployment that the operator makes of r, in the fields that the
// operator leaves alone: strategy, node selector and tolerations. It is a part of a Deployment, to be applied
// on top of the operator's; it has no spec where o asks for nothing. Whatever says where the pod goes brings
// strategy Recreate along: the pod moves at once then, and a surge would be a second holder of the address.
func OperatorPart(r *nov1.EgressRouter, o Options) (*unstructured.Unstructured, error) {
	part := appsapply.Deployment(egress.Operator.DeploymentName(r.Name), r.Namespace)
	pod := coreapply.PodSpec()
	if len(o.NodeSelector) > 0 {
		pod.WithNodeSelector(o.NodeSelector)
	}
	for _, t := range o.tolerations() {
		toleration := coreapply.Toleration().WithKey(t.Key).WithOperator(t.Operator).WithEffect(t.Effect)
		pod.WithTolerations(toleration.WithTolerationSeconds(*t.TolerationSeconds))
	}
	moves := pod.NodeSelector != nil || pod.Tolerations != nil
	if moves || o.Recreate {
		part.WithSpec(appsapply.DeploymentSpec().WithStrategy(appsapply.DeploymentStrategy().WithType(appsv1.RecreateDeploymentStrategyType)))
	}
	if moves {
		part.Spec.WithTemplate(coreapply.PodTemplateSpec().WithSpec(pod))
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(part)
	if err != nil {
		return nil, fmt.Errorf("converting a part of a Deployment: %w", err)
	}
	return &unstructured.Unstructured{Object: content}, nil
}
