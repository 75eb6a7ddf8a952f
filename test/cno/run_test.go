package cno

import (
	"context"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/cno/facts"
)

// A roll-out of the operator's Deployment has it forget a router that is gone, and no other. To scale it does not.
func TestRestartForgetsWhatIsGone(t *testing.T) {
	create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: facts.OperatorNamespace}})
	labels := map[string]string{"name": facts.OperatorDeployment}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: facts.OperatorNamespace, Name: facts.OperatorDeployment},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}},
			},
		},
	}
	create(t, deployment)
	t.Cleanup(func() {
		if err := shared.client.Delete(context.Background(), deployment); err != nil {
			t.Error(err)
		}
	})
	startOperator(t, Options{Clock: clock, Release: Release{Version: "4.21.9"}})
	gone, bad := newBadRouter(t, facts.Unrenderable()["no prefix"]), newBadRouter(t, facts.Unrenderable()["no gateway"])
	healthy := newRouter(newNamespace(t), "healthy")
	create(t, healthy)
	nad, made := rendered(t, healthy.Namespace)
	awaitDegraded(t, gone)
	awaitDegraded(t, bad)
	remove(t, gone)
	patch(t, deployment, `{"spec":{"replicas":2}}`)
	patch(t, bad, `{"metadata":{"annotations":{"touched":"yes"}}}`)
	awaitDegraded(t, gone)

	patch(t, deployment, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-08-01T00:00:00Z"}}}}}`)
	eventually(t, "Degraded names the bad router alone", func(context.Context) (bool, error) {
		message := degraded(t).Message
		return strings.Contains(message, bad.Namespace+"/bad") && !strings.Contains(message, gone.Namespace), nil
	})
	for _, object := range []client.Object{nad, made} {
		if get(t, object); object.GetGeneration() != 1 {
			t.Errorf("%s of the healthy router was changed", object.GetName())
		}
	}
}
