package cluster

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// restart rolls an operator's Deployment out again by the hash of the NAD in its pod template: a field
// that the operator leaves alone, and that a second run finds as it should be.
func (c *Client) restart(ctx context.Context, v *view) error {
	patch := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1",
		"kind":       "Deployment",
		"metadata": map[string]any{
			"name":      v.deployment.Name,
			"namespace": v.deployment.Namespace,
			// Server-side apply would make the object where it is missing: the UID keeps it from that.
			"uid": string(v.deployment.UID),
		},
		"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
			"annotations": map[string]any{egress.AnnotationNADHash: render.Hash(v.nad.Spec.Config)},
		}}},
	}}
	_, err := c.dynamic.Resource(deployments()).Namespace(v.deployment.Namespace).
		Apply(ctx, v.deployment.Name, patch, metav1.ApplyOptions{FieldManager: c.manager, Force: true})
	if err != nil {
		return fmt.Errorf("restarting Deployment %s: %w", v.deployment.Name, explain(err, "patch", deployments(), v.deployment.Namespace))
	}
	return nil
}

// Restart restarts the router's pod if it runs older rules than its NAD holds, as Wait does, and tells
// whether it did. It reads NAD, Deployment and pods.
func (c *Client) Restart(ctx context.Context, t Target) (restarted bool, err error) {
	v, err := c.look(ctx, t)
	if err != nil || !v.stale() {
		return false, err
	}
	return true, c.restart(ctx, v)
}

// look reads a router's view once.
func (c *Client) look(ctx context.Context, t Target) (*view, error) {
	namespace, name := t.Router.Namespace, t.Router.Name
	nad, err := c.get(ctx, nads(), namespace, t.Provisioner.NADName(name))
	if err != nil {
		return nil, err
	}
	deployment, err := c.get(ctx, deployments(), namespace, t.Provisioner.DeploymentName(name))
	if err != nil {
		return nil, err
	}
	lists := [][]*unstructured.Unstructured{nil, nil, nil}
	if nad != nil {
		lists[0] = append(lists[0], nad)
	}
	if deployment != nil {
		lists[1] = append(lists[1], deployment)
	}
	pods, err := c.dynamic.Resource(core("pods")).Namespace(namespace).List(ctx, metav1.ListOptions{
		LabelSelector: metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: t.Provisioner.PodLabels(name)}),
	})
	if err != nil {
		return nil, explain(err, "list", core("pods"), namespace)
	}
	for i := range pods.Items {
		lists[2] = append(lists[2], &pods.Items[i])
	}
	return newView(t, lists)
}
