package cluster

import (
	"encoding/json"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// same reports whether applying desired as manager would change nothing in live: every field of desired has
// its value there, and the fields that manager owns are those of desired, no fewer and no more. In doubt
// it says no; then the server decides.
func same(desired, live *unstructured.Unstructured, manager string) bool {
	for _, entry := range live.GetManagedFields() {
		if entry.Manager != manager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" {
			continue
		}
		var owned map[string]any
		if entry.APIVersion != desired.GetAPIVersion() || entry.FieldsV1 == nil || json.Unmarshal(entry.FieldsV1.GetRawBytes(), &owned) != nil {
			return false
		}
		return sameFields(claims(desired), live.Object, owned)
	}
	return false
}

// claims are the fields of object that applying it claims: not those that say which object it is.
func claims(object *unstructured.Unstructured) map[string]any {
	content := map[string]any{}
	for key, value := range object.Object {
		switch key {
		case "apiVersion", "kind":
		case "metadata":
			content[key] = namelessMetadata(value)
		default:
			content[key] = value
		}
	}
	return content
}

func namelessMetadata(value any) any {
	metadata, ok := value.(map[string]any)
	if !ok {
		return value
	}
	out := map[string]any{}
	for key, v := range metadata {
		if key != "name" && key != "namespace" {
			out[key] = v
		}
	}
	return out
}

// sameFields compares desired with live along owned, the server's record of owned fields: "f:NAME" for a
// field, "k:{KEYS}" for an item of a list by its keys, "v:VALUE" for one of a set, nothing below a field
// that is owned whole.
func sameFields(desired, live any, owned map[string]any) bool {
	if len(below(owned)) == 0 {
		return reflect.DeepEqual(desired, live)
	}
	switch want := desired.(type) {
	case map[string]any:
		have, ok := live.(map[string]any)
		return ok && sameMap(want, have, below(owned))
	case []any:
		have, ok := live.([]any)
		return ok && sameList(want, have, below(owned))
	default:
		return false
	}
}

// below are the owned parts of a field; "." stands for the field itself.
func below(owned map[string]any) map[string]any {
	if _, whole := owned["."]; !whole {
		return owned
	}
	parts := map[string]any{}
	for key, value := range owned {
		if key != "." {
			parts[key] = value
		}
	}
	return parts
}

func sameMap(want, have map[string]any, owned map[string]any) bool {
	fields := 0
	for key, value := range want {
		if _, held := have[key]; held && empty(value) && owned["f:"+key] == nil {
			// The server records nothing of an empty object that only holds what others set.
			continue
		}
		parts, ok := owned["f:"+key].(map[string]any)
		if !ok || !sameFields(value, have[key], parts) {
			return false
		}
		fields++
	}
	return fields == len(owned)
}

func empty(value any) bool {
	m, ok := value.(map[string]any)
	return ok && len(m) == 0
}

func sameList(want, have []any, owned map[string]any) bool {
	if len(want) != len(owned) {
		return false
	}
	for key, value := range owned {
		parts, ok := value.(map[string]any)
		if !ok {
			return false
		}
		wanted, ok := item(want, key)
		if !ok {
			return false
		}
		held, ok := item(have, key)
		if !ok || !sameFields(wanted, held, parts) {
			return false
		}
	}
	return true
}

// item finds the item of list that an owned key names. A key may be one that the server has defaulted in
// the item: then it is not found, and the server decides.
func item(list []any, key string) (any, bool) {
	kind, text, _ := strings.Cut(key, ":")
	var want any
	if json.Unmarshal([]byte(text), &want) != nil {
		return nil, false
	}
	for _, candidate := range list {
		if kind == "v" && equalJSON(candidate, want) {
			return candidate, true
		}
		if kind == "k" && hasKeys(candidate, want) {
			return candidate, true
		}
	}
	return nil, false
}

func hasKeys(candidate, keys any) bool {
	fields, ok := candidate.(map[string]any)
	wanted, isMap := keys.(map[string]any)
	if !ok || !isMap {
		return false
	}
	for key, value := range wanted {
		if !equalJSON(fields[key], value) {
			return false
		}
	}
	return true
}

// equalJSON compares values of which one may hold a number as another of Go's types.
func equalJSON(a, b any) bool {
	one, err := json.Marshal(a)
	if err != nil {
		return false
	}
	two, err := json.Marshal(b)
	return err == nil && string(one) == string(two)
}
