package apply

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
)

// restart rolls live, an operator's Deployment, out again by the stamp of the NAD in its pod template: a field that the
// operator leaves alone, and that a second run finds as it should be.
func restart(ctx context.Context, c *cluster.Client, live *unstructured.Unstructured, stamp string) (Applied, error) {
	patch, err := held(c, live)
	if err != nil {
		return Applied{}, err
	}
	// Server-side apply would make the object where it is missing: the UID keeps it from that.
	patch.SetUID(live.GetUID())
	if err := unstructured.SetNestedField(patch.Object, stamp, hashAnnotation()...); err != nil {
		return Applied{}, fmt.Errorf("restarting Deployment %s: %w", live.GetName(), err)
	}
	applied, err := c.Objects(cluster.Deployments, live.GetNamespace()).
		Apply(ctx, live.GetName(), patch, metav1.ApplyOptions{FieldManager: c.Manager(), Force: true})
	if err != nil {
		return Applied{}, fmt.Errorf("restarting Deployment %s: %w", live.GetName(), cluster.Explain(err, "patch", cluster.Deployments.GVR(), live.GetNamespace()))
	}
	return Applied{applied, Configured}, nil
}

// Restart restarts the router's pod if it runs older rules than its NAD holds, and applies t's Part, as Wait
// does; it reports whether it did the first. It goes by what was read before the router was applied, where that
// was listed.
func (a *Applier) Restart(ctx context.Context, t Target) (restarted bool, err error) {
	c, err := readChain(ctx, a.before, t)
	if err != nil || !c.stale() && !c.settleable() {
		return false, err
	}
	live, err := a.before.object(ctx, cluster.Deployments, t.Router.Namespace, t.Router.Provisioner.DeploymentName(t.Router.Name))
	if err != nil || live == nil {
		return false, err
	}
	_, err = settle(ctx, a.client, c, live)
	return c.stale() && err == nil, err
}

// settle applies the Part of c's target to live, its Deployment, where the operator has done its own, and restarts the
// pod where it runs older rules: both in one roll-out, and each only where it is needed. It gives back the Deployment as
// it is then.
func settle(ctx context.Context, c *cluster.Client, on *chain, live *unstructured.Unstructured) (Applied, error) {
	stamp := ""
	if on.stale() {
		stamp = on.stamp()
	}
	if part := on.target.Part; on.settleable() && (part.asked() || owned(c, live) != nil || recreated(c, live)) {
		return applyPart(ctx, c, live, part, stamp)
	}
	if stamp != "" {
		return restart(ctx, c, live, stamp)
	}
	return Applied{live, Unchanged}, nil
}
