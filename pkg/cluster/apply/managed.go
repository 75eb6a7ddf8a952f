package apply

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// fieldsOf are the fields of an entry, as the server records them; none where that cannot be read.
func fieldsOf(entry metav1.ManagedFieldsEntry) *fieldpath.Set {
	fields := &fieldpath.Set{}
	if entry.FieldsV1 == nil || fields.FromJSON(entry.FieldsV1.GetRawReader()) != nil {
		return &fieldpath.Set{}
	}
	return fields
}

// isApply reports whether entry is of what manager has applied.
func isApply(entry metav1.ManagedFieldsEntry, manager string) bool {
	return entry.Manager == manager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == ""
}

// appliedBy is the entry of what manager has applied to live; nil where it has not.
func appliedBy(live *unstructured.Unstructured, manager string) *metav1.ManagedFieldsEntry {
	for _, entry := range live.GetManagedFields() {
		if isApply(entry, manager) {
			return &entry
		}
	}
	return nil
}

// shared reports whether others than manager have set fields of live, beside its status.
func shared(live *unstructured.Unstructured, manager string) bool {
	return slices.ContainsFunc(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return !isApply(entry, manager) && entry.Subresource != "status"
	})
}

// owned are the fields of live that this tool owns by applying them; nil where there are none.
func owned(c *cluster.Client, live *unstructured.Unstructured) *fieldpath.Set {
	if entry := appliedBy(live, c.Manager()); entry != nil {
		return fieldsOf(*entry)
	}
	return nil
}

// has reports whether the field is among fields, which may be nil.
func has(fields *fieldpath.Set, field fieldpath.Path) bool { return fields != nil && fields.Has(field) }

// pathOf is a path of names alone.
func pathOf(names []string) fieldpath.Path {
	return collect.Map(names, fieldpath.FieldNameElement)
}

// owning are the entries of live whose managers own the field.
func owning(live *unstructured.Unstructured, field fieldpath.Path) []metav1.ManagedFieldsEntry {
	return slices.DeleteFunc(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool { return !fieldsOf(entry).Has(field) })
}

// owners say of each obstacle what it is and who other than this tool owns some of it.
func owners(c *cluster.Client, live *unstructured.Unstructured, obstacles []obstacle) []string {
	var out []string
	for _, o := range obstacles {
		words := o.words
		for _, entry := range owning(live, o.path) {
			switch {
			case entry.Manager == c.Manager():
			case entry.Operation == metav1.ManagedFieldsOperationApply:
				words += fmt.Sprintf(" (%q)", entry.Manager)
			default: // as the server names it in a conflict
				words += fmt.Sprintf(" (%q using %s)", entry.Manager, entry.APIVersion)
			}
		}
		out = append(out, words)
	}
	return out
}

// otherOwner names a manager other than this tool that owns the field of live, or "".
func otherOwner(c *cluster.Client, live *unstructured.Unstructured, field []string) string {
	for _, entry := range owning(live, pathOf(field)) {
		if entry.Manager != c.Manager() {
			return entry.Manager
		}
	}
	return ""
}

// held is what this tool has set on live, to be applied again with something more: what is left out of an
// apply is taken back.
func held(c *cluster.Client, live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	part := &unstructured.Unstructured{Object: map[string]any{}}
	part.SetGroupVersionKind(live.GroupVersionKind())
	part.SetNamespace(live.GetNamespace())
	part.SetName(live.GetName())
	owned := owned(c, live)
	for _, field := range append(partFields(), strategyType()) {
		value, found, err := unstructured.NestedFieldCopy(live.Object, field...)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", cluster.Name(live), err)
		}
		if !found || !has(owned, pathOf(field)) {
			continue
		}
		if err := unstructured.SetNestedField(part.Object, value, field...); err != nil {
			return nil, fmt.Errorf("reading %s: %w", cluster.Name(live), err)
		}
	}
	return part, nil
}

// conflict says who owns the fields that an apply asks for.
func conflict(err error, name string) error {
	var fields []string
	for _, cause := range cluster.Details(err).Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			fields = append(fields, fmt.Sprintf("%s (%s)", cause.Field, strings.TrimPrefix(cause.Message, "conflict with ")))
		}
	}
	if len(fields) == 0 {
		return err
	}
	return conflictOver(name, fields)
}

// conflictOver is the error of fields that others own, each with who that is.
func conflictOver(name string, fields []string) error {
	return fmt.Errorf("%s: others set fields that would change: %s: agree on it with the owner, or take the fields over with --force-conflicts",
		name, strings.Join(fields, ", "))
}
