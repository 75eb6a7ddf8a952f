package apply

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// takeover is what others have set in a live object and server-side apply would leave there: it drops only what its own
// manager has set.
type takeover struct {
	// entries are the managed fields once this tool owns all that.
	entries []metav1.ManagedFieldsEntry
	// obstacles are those that keep the object from being as it is asked for.
	obstacles []obstacle
}

// takeover is what has to be taken over before object can be applied on top of live; nil where that is nothing.
func (a *Applier) takeover(object, live *unstructured.Unstructured) *takeover {
	own := &fieldpath.Set{}
	if owned := owned(a.client, live); owned != nil {
		own = owned
	}
	t := &takeover{obstacles: append(portsInTheWay(object, live, own), scaledAway(object, live, own)...)}
	fields := fieldpath.NewSetMatcher(false)
	if a.options.Adopt {
		fields = fieldpath.MakePrefixMatcherOrDie("spec")
	}
	taken := &fieldpath.Set{}
	for _, o := range t.obstacles {
		fields = fields.Merge(o.matcher())
		taken.Insert(o.path) // it may be nobody's
	}
	for _, entry := range live.GetManagedFields() {
		if isApply(entry, a.client.Manager()) {
			continue
		}
		all := fieldsOf(entry)
		theirs := all.FilterIncludeMatches(fields)
		if entry.Subresource == "" && entry.APIVersion == object.GetAPIVersion() && !theirs.Empty() {
			taken, all = taken.Union(theirs), all.Difference(theirs)
			entry.FieldsV1 = fieldsV1(all)
		}
		if entry.FieldsV1 != nil {
			t.entries = append(t.entries, entry)
		}
	}
	if taken.Empty() {
		return nil
	}
	t.entries = append(t.entries, metav1.ManagedFieldsEntry{
		Manager: a.client.Manager(), Operation: metav1.ManagedFieldsOperationApply, APIVersion: object.GetAPIVersion(),
		FieldsType: "FieldsV1", FieldsV1: fieldsV1(own.Union(taken)),
	})
	return t
}

// fieldsV1 writes fields as the server records them; nil where there are none.
func fieldsV1(fields *fieldpath.Set) *metav1.FieldsV1 {
	text, err := fields.ToJSON()
	if err != nil || fields.Empty() {
		return nil
	}
	return metav1.NewFieldsV1(string(text))
}

// takeOver applies object on top of live once this tool owns what t says, so that what is not asked for goes. What
// conflicts is refused before anything is written, unless that is to be forced or was asked already.
func (a *Applier) takeOver(ctx context.Context, object, live *unstructured.Unstructured, t *takeover) (Applied, error) {
	if !a.options.ForceConflicts && !a.asked {
		if err := a.refuseConflict(ctx, object, live); err != nil {
			return Applied{}, err
		}
	}
	if a.options.DryRun {
		// The server does not remember whose the fields would be: it is asked for the outcome.
		replaced, err := a.patch(ctx, "taking over", live, types.JSONPatchType, replacement(object, live))
		return Applied{Object: replaced, Result: Configured}, err
	}
	metadata := map[string]any{"managedFields": t.entries, "resourceVersion": live.GetResourceVersion()}
	if _, err := a.patch(ctx, "taking over", live, types.MergePatchType, map[string]any{"metadata": metadata}); err != nil {
		return Applied{}, err
	}
	applied, err := a.send(ctx, object, false)
	if err != nil {
		return Applied{}, err
	}
	done := appliedOn(live, applied)
	done.Result = Configured
	return done, nil
}

// refuseConflict asks the server, without writing, whether object can be applied on top of live.
func (a *Applier) refuseConflict(ctx context.Context, object, live *unstructured.Unstructured) error {
	object = object.DeepCopy()
	if err := noteRules(object, live); err != nil {
		return fmt.Errorf("applying %s: %w", cluster.Name(object), err)
	}
	if t := a.takeover(object, live); t != nil && len(t.obstacles) > 0 {
		return conflictOver(cluster.Name(object), owners(a.client, live, t.obstacles))
	}
	if same(object, live, a.client.Manager()) {
		return nil
	}
	_, err := a.send(ctx, object, true)
	return err
}

// replacement is a JSON patch that makes the spec of live that of object, and adds object's metadata.
func replacement(object, live *unstructured.Unstructured) []map[string]any {
	set := func(path string, value any) map[string]any {
		return map[string]any{"op": "add", "path": path, "value": value}
	}
	patch := []map[string]any{set("/spec", object.Object["spec"])}
	if asked := object.GetLabels(); asked != nil {
		patch = append(patch, set("/metadata/labels", labels.Merge(live.GetLabels(), asked)))
	}
	if annotations := object.GetAnnotations(); annotations != nil {
		patch = append(patch, set("/metadata/annotations", labels.Merge(live.GetAnnotations(), annotations)))
	}
	if owners := object.GetOwnerReferences(); owners != nil {
		patch = append(patch, set("/metadata/ownerReferences", owners))
	}
	return patch
}

// patch changes live as the patch says; doing is what that is for.
func (a *Applier) patch(ctx context.Context, doing string, live *unstructured.Unstructured, of types.PatchType, patch any) (*unstructured.Unstructured, error) {
	kind, err := cluster.KindOf(live)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", doing, cluster.Name(live), err)
	}
	options := metav1.PatchOptions{FieldManager: a.client.Manager(), DryRun: dryRun(a.options.DryRun)}
	var patched *unstructured.Unstructured
	err = a.client.Retry(ctx, func() (err error) {
		patched, err = a.client.Objects(kind, live.GetNamespace()).Patch(ctx, live.GetName(), of, body, options)
		return err
	})
	if apierrors.IsConflict(err) {
		return nil, fmt.Errorf("%s %s: another has changed it since it was read: run this again: %w", doing, cluster.Name(live), err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", doing, cluster.Name(live), cluster.Explain(err, "patch", kind.GVR(), live.GetNamespace()))
	}
	return patched, nil
}

// obstacle is a field of a live object that keeps it from being as it is asked for, and that no manager's conflict shows.
type obstacle struct {
	path fieldpath.Path
	// words say what stands there.
	words string
}

// matcher matches the obstacle and all below it.
func (o obstacle) matcher() *fieldpath.SetMatcher {
	return fieldpath.MakePrefixMatcherOrDie(collect.Map(o.path, func(part fieldpath.PathElement) any { return part })...)
}

// scaledAway is the number of replicas of a Deployment that another has scaled to 0: the server then takes the field from
// this tool and notes nobody as its owner (seen with Kubernetes 1.34), so that nothing conflicts.
func scaledAway(object, live *unstructured.Unstructured, own *fieldpath.Set) []obstacle {
	path := fieldpath.MakePathOrDie("spec", "replicas")
	asked, wanted, _ := unstructured.NestedInt64(object.Object, "spec", "replicas")
	there, _, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
	if !wanted || own.Empty() || own.Has(path) || asked == there {
		return nil
	}
	return []obstacle{{path, fmt.Sprintf("%s, scaled to %d", path, there)}}
}

// portsInTheWay are the ports of a live Service that others have changed in what server-side apply knows a port by: one
// that was given another number or protocol is another port to it, whose name is taken; and its target port, which is
// asked for by leaving it out, stays another's. What this tool owns itself goes without being taken over.
func portsInTheWay(object, live *unstructured.Unstructured, own *fieldpath.Set) []obstacle {
	if object.GetKind() != cluster.Services.String() {
		return nil
	}
	asked, _, _ := unstructured.NestedSlice(object.Object, "spec", "ports")
	there, _, _ := unstructured.NestedSlice(live.Object, "spec", "ports")
	names := map[any]bool{}
	for _, port := range asked {
		if p, ok := port.(map[string]any); ok {
			names[p["name"]] = true
		}
	}
	var out []obstacle
	for _, port := range there {
		p, ok := port.(map[string]any)
		if !ok {
			continue
		}
		key := fieldpath.KeyElementByFields("port", p["port"], "protocol", p["protocol"])
		path := fieldpath.MakePathOrDie("spec", "ports", key)
		o := obstacle{path, fmt.Sprintf("%s named %s", path, p["name"])}
		want, wanted := item(asked, key)
		if w, ok := want.(map[string]any); ok && w["targetPort"] == nil && p["targetPort"] != p["port"] {
			path = append(path, fieldpath.FieldNameElement("targetPort"))
			o = obstacle{path, path.String()}
		} else if wanted || !names[p["name"]] {
			continue
		}
		if !own.Has(o.path) {
			out = append(out, o)
		}
	}
	return out
}
