package apply

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/mirror"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// chain is one router and what is between it and its clients, at one moment.
type chain struct {
	target   Target
	index    *snapshot.Index
	progress check.Progress
}

// newChain judges what s holds of t's router.
func newChain(t Target, s *snapshot.Snapshot) *chain {
	s.Routers = []snapshot.Router{t.Router}
	return &chain{t, s.Index(), check.Follow(s, t.Router, check.Options{Caller: t.Caller, Now: time.Now()})}
}

// readChain reads it once, without Services.
func readChain(ctx context.Context, from *reader, t Target) (*chain, error) {
	namespace, name, by := t.Router.Namespace, t.Router.Name, t.Router.Provisioner
	nad, err := from.object(ctx, cluster.NADs, namespace, by.NADName(name))
	if err != nil {
		return nil, err
	}
	deployment, err := from.object(ctx, cluster.Deployments, namespace, by.DeploymentName(name))
	if err != nil {
		return nil, err
	}
	pods, err := from.pods(ctx, namespace, by.PodLabels(name))
	if err != nil {
		return nil, cluster.Explain(err, "list", cluster.Pods.GVR(), namespace)
	}
	s := &snapshot.Snapshot{}
	add := func(r cluster.Reading, objects ...*unstructured.Unstructured) {
		for _, object := range objects {
			if object != nil && err == nil {
				err = r.Add(s, object)
			}
		}
	}
	add(read.Of(cluster.NADs), nad)
	add(read.Of(cluster.Deployments), deployment)
	add(read.Of(cluster.Pods), pods...)
	if err != nil {
		return nil, err
	}
	return newChain(t, s), nil
}

// deployment is the router's, or nil.
func (c *chain) deployment() *snapshot.Deployment { return c.index.DeploymentOf(c.target.Router) }

// stale reports whether the pod is to be restarted, since it runs older rules than the NAD holds, or may, and that is to
// be enough. An operator's pod nothing else restarts, because the operator's template does not change with the rules; a
// standalone one's does, so that there is something left to do only where that was not enough.
func (c *chain) stale() bool {
	if c.deployment() == nil || len(c.index.PodsOf(c.target.Router)) == 0 {
		return false
	}
	sure := c.progress.Rules == check.Outdated && c.target.Router.Provisioner != egress.Standalone
	return sure || c.progress.Rules != check.Current && c.target.Restart
}

// settleable reports whether the operator has made the Deployment of the router as it is now.
func (c *chain) settleable() bool {
	return c.target.Part != nil && c.deployment() != nil && c.progress.Stage > check.StageNetwork
}

// stamp is what a pod that starts with the NAD as it is now carries.
func (c *chain) stamp() string {
	nad := c.index.NADOf(c.target.Router)
	return render.StampOf(nad.Config, nad.UID, nad.Generation).String()
}

// chainSources are the sources of what is between r and its clients. Without its Services and their endpoints it can
// still be told whether r serves, by whoever may not read these.
func chainSources(c *cluster.Client, r snapshot.Router) (needed, wanted []*mirror.Source) {
	of := func(readings ...cluster.Reading) (out []*mirror.Source) {
		for _, reading := range readings {
			out = append(out, mirror.NewSource(c, reading, r.Namespace).Fresh())
		}
		return out
	}
	by := r.Provisioner
	return of(read.Of(cluster.NADs).Called(by.NADName(r.Name)),
			read.Of(cluster.Deployments).Called(by.DeploymentName(r.Name)),
			read.Of(cluster.Pods).Labelled(by.PodLabels(r.Name))),
		of(read.Of(cluster.Services), read.Of(cluster.EndpointSlices))
}

// restart rolls live, a router's Deployment, out again. An operator's gets the stamp of the NAD in its pod template: a
// field that the operator leaves alone, and that a second run finds as it should be. A standalone one's template is
// applied whole, stamp and all: it gets what kubectl's restart sets, which is nobody's.
func restart(ctx context.Context, c *cluster.Client, on *chain, live *unstructured.Unstructured) (Applied, error) {
	if on.target.Router.Provisioner != egress.Standalone {
		return stampTemplate(ctx, c, live, on.stamp())
	}
	annotations := map[string]any{restartedAt: time.Now().UTC().Format(time.RFC3339)}
	patched, err := (&Applier{client: c}).patch(ctx, "restarting", live, types.MergePatchType,
		map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": annotations}}}})
	return Applied{Object: patched, Result: Configured}, err
}

// restartedAt is the annotation by which kubectl restarts a Deployment.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// stampTemplate sets the stamp on the pod template of live, which rolls it out again.
func stampTemplate(ctx context.Context, c *cluster.Client, live *unstructured.Unstructured, stamp string) (Applied, error) {
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
	return Applied{Object: applied, Result: Configured}, nil
}

// Restart restarts the router's pod if it runs older rules than its NAD holds, and applies t's Part, as Wait
// does; it reports whether it did the first. It goes by what was read before the router was applied, where that
// was listed; not for a standalone router, whose NAD may just have been written.
func (a *Applier) Restart(ctx context.Context, t Target) (restarted bool, err error) {
	from := a.before
	if t.Router.Provisioner == egress.Standalone {
		from = &reader{client: a.client}
	}
	c, err := readChain(ctx, from, t)
	if err != nil || !c.stale() && !c.settleable() {
		return false, err
	}
	live, err := from.object(ctx, cluster.Deployments, t.Router.Namespace, t.Router.Provisioner.DeploymentName(t.Router.Name))
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
	if part := on.target.Part; on.settleable() && (part.asked() || owned(c, live) != nil || recreated(c, live)) {
		stamp := ""
		if on.stale() {
			stamp = on.stamp()
		}
		return applyPart(ctx, c, live, part, stamp)
	}
	if on.stale() {
		return restart(ctx, c, on, live)
	}
	return Applied{Object: live, Result: Unchanged}, nil
}
