package apply

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
)

// obstacle is a field of a live object that keeps it from being as it is asked for, and that no manager's conflict shows.
type obstacle struct {
	path fieldpath.Path
	// words say what stands there.
	words string
}

// matcher matches the obstacle and all below it.
func (o obstacle) matcher() *fieldpath.SetMatcher {
	var parts []any
	for _, part := range o.path {
		parts = append(parts, part)
	}
	return fieldpath.MakePrefixMatcherOrDie(parts...)
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
