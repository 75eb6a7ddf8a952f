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
	t := &takeover{obstacles: portsInTheWay(object, live, own)}
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
// conflicts is refused before anything is written, unless that is to be forced.
func (a *Applier) takeOver(ctx context.Context, object, live *unstructured.Unstructured, t *takeover) (Applied, error) {
	if !a.options.ForceConflicts {
		if len(t.obstacles) > 0 {
			return Applied{}, conflictOver(cluster.Name(object), owners(a.client, live, t.obstacles))
		}
		if _, err := a.send(ctx, object, true); err != nil {
			return Applied{}, err
		}
	}
	if a.options.DryRun {
		// The server does not remember whose the fields would be: it is asked for the outcome.
		replaced, err := a.patch(ctx, "taking over", live, types.JSONPatchType, replacement(object, live))
		return Applied{replaced, Configured}, err
	}
	metadata := map[string]any{"managedFields": t.entries, "resourceVersion": live.GetResourceVersion()}
	if _, err := a.patch(ctx, "taking over", live, types.MergePatchType, map[string]any{"metadata": metadata}); err != nil {
		return Applied{}, err
	}
	applied, err := a.send(ctx, object, false)
	return Applied{applied, Configured}, err
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
