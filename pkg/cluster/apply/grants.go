package apply

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
)

// GrantManager is the field manager that applies the grant of a namespace on behalf of base. Each namespace has its own:
// what a manager leaves out of an apply is taken back, and that would be the grants of all others.
func GrantManager(base, namespace string) string { return base + "-grant-" + namespace }

// GrantConfigMap is what is applied to grant g.
func GrantConfigMap(g grant.Grant) *unstructured.Unstructured {
	object := newObject("ConfigMap", egress.Namespace, grant.Name)
	object.Object["data"] = map[string]any{}
	for key, value := range g.Data() {
		object.Object["data"].(map[string]any)[key] = value
	}
	return object
}

// Grant applies g by the keys of its namespace alone, on top of live, which is the ConfigMap as it was read, or nil. The
// namespace that the ConfigMap is in is made where it is missing. Where another has changed the ConfigMap since it was
// read, its error is a conflict, and nothing was written: what was granted then may overlap.
func Grant(ctx context.Context, c *cluster.Client, live *unstructured.Unstructured, g grant.Grant, o Options) ([]Applied, error) {
	a := &Applier{client: c, options: o}
	object := GrantConfigMap(g)
	if live != nil {
		if same(object, live, c.Manager()) {
			return []Applied{{Object: live, Result: Unchanged}}, nil
		}
		object.SetResourceVersion(live.GetResourceVersion())
	}
	var all []Applied
	applied, err := a.send(ctx, object, o.DryRun)
	if apierrors.IsNotFound(err) && cluster.Details(err).Kind == "namespaces" {
		namespace, err := a.makeNamespace(ctx, egress.Namespace)
		if err != nil {
			return nil, err
		}
		all = append(all, Applied{Object: namespace, Result: Created})
		if o.DryRun {
			return append(all, Applied{Object: object, Result: Created}), nil // the server cannot check what would be in it
		}
		applied, err = a.send(ctx, object, false)
		if err != nil {
			return all, err
		}
		return append(all, Applied{Object: applied, Result: Created}), nil
	}
	if err != nil {
		return nil, err
	}
	return append(all, appliedOn(live, applied)), nil
}

// makeNamespace makes a namespace that is missing.
func (a *Applier) makeNamespace(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	namespace := newObject("Namespace", "", name)
	err := a.client.Retry(ctx, func() error {
		_, err := a.client.Objects(cluster.Namespaces, "").Create(ctx, namespace, metav1.CreateOptions{FieldManager: a.client.Manager(), DryRun: dryRun(a.options.DryRun)})
		return err
	})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("making %s: %w", cluster.Name(namespace), cluster.Explain(err, "create", cluster.Namespaces.GVR(), ""))
	}
	return namespace, nil
}

// RemoveGrant removes the keys of a namespace from live, whoever has set them, and nothing else. That of its addresses stays,
// empty: it tells sync that what it has written for the namespace goes, where no key at all tells nothing.
func RemoveGrant(ctx context.Context, c *cluster.Client, live *unstructured.Unstructured, namespace string, keys []string, o Options) (Applied, error) {
	o.ForceConflicts = true
	a := &Applier{client: c, options: o}
	empty := GrantConfigMap(grant.Grant{Namespace: namespace})
	empty.SetResourceVersion(live.GetResourceVersion())
	removed, err := a.send(ctx, empty, o.DryRun)
	if err != nil {
		return Applied{}, err
	}
	// What this tool had applied of it is gone; what others have written is not.
	others := map[string]any{}
	for _, key := range keys {
		if _, there, _ := unstructured.NestedString(removed.Object, "data", key); there && key != namespace {
			others[key] = nil
		}
	}
	if len(others) > 0 {
		removed, err = a.patch(ctx, "changing", removed, types.MergePatchType, map[string]any{"data": others})
	}
	return Applied{Object: removed, Result: Configured}, err
}

// OtherManagers are those beside this tool that have set some of the keys of live, and may set them again.
func OtherManagers(c *cluster.Client, live *unstructured.Unstructured, keys []string) []string {
	return collect.Unique(collect.Flat(keys, func(key string) []string {
		entries := slices.DeleteFunc(owning(live, pathOf([]string{"data", key})), func(e metav1.ManagedFieldsEntry) bool { return e.Manager == c.Manager() })
		return collect.Map(entries, func(e metav1.ManagedFieldsEntry) string { return e.Manager })
	}))
}
