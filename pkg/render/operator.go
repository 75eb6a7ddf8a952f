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

// operatorGracePeriod is how many seconds the operator's pod has to end where it ends before the next starts.
// What it runs does not handle SIGTERM: with Kubernetes' own 30 s a pod that is evicted or deleted would hold the
// address beside its replacement for as long. Never 0: that would free the address before the old interface is gone.
const operatorGracePeriod = 1

// OperatorPart renders what o asks of the Deployment that the operator makes of r, in the fields that the
// operator leaves alone: strategy, grace period, node selector and tolerations. It is a part of a Deployment, to
// be applied on top of the operator's; it has no spec where o asks for nothing. Whatever says where the pod goes
// brings strategy Recreate along: the pod moves at once then, and a surge would be a second holder of the
// address. And with that strategy comes the grace period.
func OperatorPart(r *nov1.EgressRouter, o Options) (*unstructured.Unstructured, error) {
	part := appsapply.Deployment(egress.Operator.DeploymentName(r.Name), r.Namespace)
	if !o.settings().empty() {
		part.WithSpec(appsapply.DeploymentSpec().
			WithStrategy(appsapply.DeploymentStrategy().WithType(appsv1.RecreateDeploymentStrategyType)).
			WithTemplate(coreapply.PodTemplateSpec().WithSpec(operatorPod(o))))
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(part)
	if err != nil {
		return nil, fmt.Errorf("converting a part of a Deployment: %w", err)
	}
	return &unstructured.Unstructured{Object: content}, nil
}

// operatorPod is the pod's part of OperatorPart.
func operatorPod(o Options) *coreapply.PodSpecApplyConfiguration {
	pod := coreapply.PodSpec().WithTerminationGracePeriodSeconds(operatorGracePeriod)
	if len(o.NodeSelector) > 0 {
		pod.WithNodeSelector(o.NodeSelector)
	}
	for _, t := range o.tolerations() {
		toleration := coreapply.Toleration().WithKey(t.Key).WithOperator(t.Operator).WithEffect(t.Effect)
		pod.WithTolerations(toleration.WithTolerationSeconds(*t.TolerationSeconds))
	}
	return pod
}
