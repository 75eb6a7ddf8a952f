package cluster

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// restart rolls an operator's Deployment out again by the hash of the NAD in its pod template: a field
// that the operator leaves alone, and that a second run finds as it should be.
func (c *Client) restart(ctx context.Context, v *view) error {
	patch, err := c.held(v.live)
	if err != nil {
		return err
	}
	// Server-side apply would make the object where it is missing: the UID keeps it from that.
	patch.SetUID(v.deployment.UID)
	if err := unstructured.SetNestedField(patch.Object, render.Hash(v.nad.Spec.Config), hashAnnotation()...); err != nil {
		return fmt.Errorf("restarting Deployment %s: %w", v.deployment.Name, err)
	}
	_, err = c.dynamic.Resource(deployments()).Namespace(v.deployment.Namespace).
		Apply(ctx, v.deployment.Name, patch, metav1.ApplyOptions{FieldManager: c.manager, Force: true})
	if err != nil {
		return fmt.Errorf("restarting Deployment %s: %w", v.deployment.Name, explain(err, "patch", deployments(), v.deployment.Namespace))
	}
	return nil
}

// Restart restarts the router's pod if it runs older rules than its NAD holds, and applies t's Part, as Wait
// does; it reports whether it did the first. It goes by what was read before the router was applied, where that
// was listed.
func (a *Applier) Restart(ctx context.Context, t Target) (restarted bool, err error) {
	v, err := look(ctx, a.before, t)
	if err != nil {
		return false, err
	}
	stale := v.stale()
	_, err = a.client.settle(ctx, v)
	return stale && err == nil, err
}

// settle applies the Part of v's target where the operator has done its own, and restarts the pod where it
// runs older rules: both in one roll-out, and each only where it is needed. It gives back the Deployment as it is then.
func (c *Client) settle(ctx context.Context, v *view) (Applied, error) {
	hash := ""
	stale := v.stale()
	if stale {
		hash = render.Hash(v.nad.Spec.Config)
	}
	if v.settleable() && (v.target.Part.asked() || c.owned(v.live) != nil || c.recreated(v.live)) {
		return c.applyPart(ctx, v.live, v.target.Part, hash)
	}
	if stale {
		return Applied{v.live, Configured}, c.restart(ctx, v)
	}
	return Applied{v.live, Unchanged}, nil
}

// settleable reports whether the operator has made the Deployment of the router as it is now.
func (v *view) settleable() bool {
	return v.target.Part != nil && v.deployment != nil && v.nadReason() == ""
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
