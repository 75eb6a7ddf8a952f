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
// whether it did. It goes by what was read before the router was applied, where that was listed.
func (a *Applier) Restart(ctx context.Context, t Target) (restarted bool, err error) {
	v, err := look(ctx, a.before, t)
	if err != nil || !v.stale() {
		return false, err
	}
	return true, a.client.restart(ctx, v)
}

// look reads a router's view once.
func look(ctx context.Context, from reader, t Target) (*view, error) {
	namespace, name := t.Router.Namespace, t.Router.Name
	nad, err := from.object(ctx, nads(), namespace, t.Provisioner.NADName(name))
	if err != nil {
		return nil, err
	}
	deployment, err := from.object(ctx, deployments(), namespace, t.Provisioner.DeploymentName(name))
	if err != nil {
		return nil, err
	}
	pods, err := from.pods(ctx, namespace, t.Provisioner.PodLabels(name))
	if err != nil {
		return nil, explain(err, "list", core("pods"), namespace)
	}
	lists := [][]*unstructured.Unstructured{nil, nil, pods}
	for i, object := range []*unstructured.Unstructured{nad, deployment} {
		if object != nil {
			lists[i] = append(lists[i], object)
		}
	}
	return newView(t, lists)
}
