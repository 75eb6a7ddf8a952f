package apply

import (
	"maps"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// same reports whether applying desired as manager would change nothing in live: every field of desired has
// its value there, and the fields that manager owns are those of desired, no fewer and no more. In doubt
// it says no; then the server decides.
func same(desired, live *unstructured.Unstructured, manager string) bool {
	entry := appliedBy(live, manager)
	return entry != nil && entry.APIVersion == desired.GetAPIVersion() && sameFields(claims(desired), live.Object, fieldsOf(*entry))
}

// claims are the fields of object that applying it claims: not those that say which object it is.
func claims(object *unstructured.Unstructured) map[string]any {
	content := maps.Clone(object.Object)
	delete(content, "apiVersion")
	delete(content, "kind")
	if metadata, ok := content["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		delete(metadata, "name")
		delete(metadata, "namespace")
		content["metadata"] = metadata
	}
	return content
}

// sameFields compares desired with live along owned, the server's record of owned fields. Nothing is recorded below a
// field that is owned whole.
func sameFields(desired, live any, owned *fieldpath.Set) bool {
	if owned.Empty() {
		return reflect.DeepEqual(desired, live)
	}
	parts := owned.Members.Copy()
	for part := range owned.Children.All() {
		parts.Insert(part)
	}
	for part := range parts.All() {
		want, asked := item(desired, part)
		have, held := item(live, part)
		if !asked || !held || !sameFields(want, have, owned.WithPrefix(part)) {
			return false
		}
	}
	switch want := desired.(type) {
	case map[string]any:
		return len(want) == parts.Size()+unrecorded(want, live, parts)
	case []any:
		return len(want) == parts.Size()
	default:
		return false
	}
}

// unrecorded counts the empty objects of want that only hold what others set: the server records nothing of them.
func unrecorded(want map[string]any, live any, parts fieldpath.PathElementSet) int {
	count := 0
	for key, field := range want {
		part := fieldpath.FieldNameElement(key)
		_, held := item(live, part)
		if content, ok := field.(map[string]any); ok && len(content) == 0 && held && !parts.Has(part) {
			count++
		}
	}
	return count
}

// item finds what a path element names in a map or a list. The key of a list's item may be one that the server has
// defaulted: then it is not found, and the server decides.
func item(in any, part fieldpath.PathElement) (any, bool) {
	switch content := in.(type) {
	case map[string]any:
		if part.FieldName == nil {
			return nil, false
		}
		field, ok := content[*part.FieldName]
		return field, ok
	case []any:
		for _, candidate := range content {
			if part.Value != nil && value.Equals(*part.Value, value.NewValueInterface(candidate)) ||
				part.Key != nil && hasKeys(candidate, *part.Key) {
				return candidate, true
			}
		}
	}
	return nil, false
}

func hasKeys(candidate any, keys value.FieldList) bool {
	fields, ok := candidate.(map[string]any)
	for _, key := range keys {
		field, held := fields[key.Name]
		ok = ok && held && value.Equals(key.Value, value.NewValueInterface(field))
	}
	return ok
}
