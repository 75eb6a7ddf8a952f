package kube

import (
	"context"
	"fmt"

	configv1 "github.com/openshift/api/config/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// createClusterOperator makes the ClusterOperator network of a healthy cluster: available, neither
// progressing nor degraded.
func createClusterOperator(ctx context.Context, config *rest.Config) error {
	c, err := NewClient(config)
	if err != nil {
		return err
	}
	operator := &configv1.ClusterOperator{ObjectMeta: metav1.ObjectMeta{Name: "network"}}
	if err := c.Create(ctx, operator); err != nil {
		return fmt.Errorf("creating ClusterOperator network: %w", err)
	}
	now := metav1.Now()
	for kind, status := range map[configv1.ClusterStatusConditionType]configv1.ConditionStatus{
		configv1.OperatorAvailable:   configv1.ConditionTrue,
		configv1.OperatorProgressing: configv1.ConditionFalse,
		configv1.OperatorDegraded:    configv1.ConditionFalse,
	} {
		operator.Status.Conditions = append(operator.Status.Conditions,
			configv1.ClusterOperatorStatusCondition{Type: kind, Status: status, LastTransitionTime: now})
	}
	if err := c.Status().Update(ctx, operator); err != nil {
		return fmt.Errorf("writing the status of ClusterOperator network: %w", err)
	}
	return nil
}
