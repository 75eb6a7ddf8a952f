package apply

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Part is what is set on the operator's Deployment of a router, in fields that the operator leaves alone.
type Part struct {
	// Object is the part as render makes it: without a spec where nothing is asked for. What this tool has
	// set before and that is not in it is taken back.
	Object  *unstructured.Unstructured
	Options Options
	// Done is told what became of the Deployment, unless nothing was asked for and nothing was to be taken back.
	Done func(Applied)
}

// asked reports whether p asks for anything.
func (p *Part) asked() bool { return p != nil && p.Object.Object["spec"] != nil }

// partFields are the fields of a Part, without the strategy, and the annotation that restarts the pod.
func partFields() [][]string {
	return [][]string{
		{"spec", "template", "spec", "nodeSelector"},
		{"spec", "template", "spec", "tolerations"},
		{"spec", "template", "spec", "terminationGracePeriodSeconds"},
		hashAnnotation(),
	}
}

func hashAnnotation() []string {
	return []string{"spec", "template", "metadata", "annotations", egress.AnnotationNADHash}
}

func strategyType() []string { return []string{"spec", "strategy", "type"} }

// applyPart makes live, the operator's Deployment, have what p asks for, and gives it back as it is then.
// hash, unless it is "", is that of the NAD, which restarts the pod in the same roll-out.
func applyPart(ctx context.Context, c *cluster.Client, live *unstructured.Unstructured, p *Part, hash string) (Applied, error) {
	owned := owned(c, live)
	if !p.asked() && owned == nil && !recreated(c, live) {
		return Applied{Object: live, Result: Unchanged}, nil
	}
	desired, err := p.with(live, owned, hash)
	if err != nil {
		return Applied{}, err
	}
	patched, err := patchStrategy(ctx, c, live, desired, p.Options)
	if err != nil {
		return Applied{}, err
	}
	if p.Options.DryRun && patched != live {
		// The server has not changed it, and would refuse it in what follows.
		unstructured.RemoveNestedField(desired.Object, "spec", "strategy")
	}
	applied := Applied{Object: patched, Result: Unchanged}
	if owned != nil || len(claims(desired)) > 1 { // more than the metadata, which claims nothing
		if applied, err = partApplier(c, p.Options).apply(ctx, desired, patched); err != nil {
			return Applied{}, err
		}
	}
	applied.Result = result(live, applied.Object)
	if patched != live {
		applied.Result = Configured
	}
	if p.Done != nil && (p.asked() || applied.Result != Unchanged) {
		p.Done(applied)
	}
	return applied, nil
}

// partApplier applies a part of an object that stays another's: nothing of that is adopted.
func partApplier(c *cluster.Client, o Options) *Applier {
	o.Adopt = false
	return &Applier{client: c, options: o}
}

// with is what p asks for, with the hash that restarts the pod: the one given, or the one that is noted already.
func (p *Part) with(live *unstructured.Unstructured, owned *fieldpath.Set, hash string) (*unstructured.Unstructured, error) {
	desired := p.Object.DeepCopy()
	if hash == "" && has(owned, pathOf(hashAnnotation())) {
		hash, _, _ = unstructured.NestedString(live.Object, hashAnnotation()...)
	}
	if hash == "" {
		return desired, nil
	}
	if err := unstructured.SetNestedField(desired.Object, hash, hashAnnotation()...); err != nil {
		return nil, fmt.Errorf("restarting Deployment %s: %w", live.GetName(), err)
	}
	return desired, nil
}

// patchStrategy sets strategy Recreate on live where desired asks for it, and takes it back where this tool
// alone has set it and desired does not. Server-side apply can do neither: it is refused while the defaulted
// rollingUpdate stands beside another type, and a field that was patched stays when it is no longer applied.
func patchStrategy(ctx context.Context, c *cluster.Client, live, desired *unstructured.Unstructured, o Options) (*unstructured.Unstructured, error) {
	want, _, _ := unstructured.NestedString(desired.Object, strategyType()...)
	is, _, _ := unstructured.NestedString(live.Object, strategyType()...)
	var strategy any
	switch {
	case want == string(appsv1.RecreateDeploymentStrategyType) && is != want:
		if other := otherOwner(c, live, strategyType()); other != "" && !o.ForceConflicts {
			return nil, conflictOver(cluster.Name(live), []string{fmt.Sprintf(".spec.strategy.type (%q)", other)})
		}
		strategy = map[string]any{"type": want, "rollingUpdate": nil}
		if err := tryRest(ctx, c, live, desired, o); err != nil {
			return nil, err
		}
	case want == "" && recreated(c, live):
		// The server sets its default.
	default:
		return live, nil
	}
	patch := map[string]any{"spec": map[string]any{"strategy": strategy}}
	return partApplier(c, o).patch(ctx, "setting the strategy of", live, types.MergePatchType, patch)
}

// tryRest asks the server whether it takes what desired holds beside the strategy: what it refuses there must not leave
// the strategy changed alone.
func tryRest(ctx context.Context, c *cluster.Client, live, desired *unstructured.Unstructured, o Options) error {
	if o.DryRun {
		return nil // nothing is changed, and the rest is asked for in any case
	}
	o.DryRun = true
	rest := desired.DeepCopy()
	unstructured.RemoveNestedField(rest.Object, "spec", "strategy")
	_, err := partApplier(c, o).apply(ctx, rest, live)
	return err
}

// recreated reports whether live has strategy Recreate by this tool alone.
func recreated(c *cluster.Client, live *unstructured.Unstructured) bool {
	is, _, _ := unstructured.NestedString(live.Object, strategyType()...)
	return is == string(appsv1.RecreateDeploymentStrategyType) && otherOwner(c, live, strategyType()) == "" &&
		len(owning(live, pathOf(strategyType()))) > 0
}

// DryPart asks the server what applying t's Part would do, without waiting for the operator. Where the
// operator has made no Deployment of the router yet, nothing is asked.
func (a *Applier) DryPart(ctx context.Context, t Target) error {
	live, err := a.before.object(ctx, cluster.Deployments, t.Router.Namespace, t.Router.Provisioner.DeploymentName(t.Router.Name))
	switch {
	case apierrors.IsForbidden(err) && !t.Part.asked():
		return nil
	case err != nil:
		return err
	case live == nil:
		return nil
	}
	for _, owner := range live.GetOwnerReferences() {
		if owner.Kind == egress.Kind.Kind && owner.Name == t.Router.Name {
			_, err := applyPart(ctx, a.client, live, t.Part, "")
			return err
		}
	}
	return nil
}
