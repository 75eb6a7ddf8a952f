package apply

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	nov1 "github.com/openshift/api/networkoperator/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Result is what applying an object did, in kubectl's words.
type Result string

// The results of applying and deleting.
const (
	Created    Result = "created"
	Configured Result = "configured"
	Unchanged  Result = "unchanged"
	Deleted    Result = "deleted"
)

// Options say how to apply.
type Options struct {
	// DryRun asks the server to check and default without writing.
	DryRun bool
	// ForceConflicts takes over fields that other managers own.
	ForceConflicts bool
	// Adopt goes on where the object was made by another.
	Adopt bool
	// NetworkPolicies tells that they are among what is applied: those of many routers are read in one list.
	NetworkPolicies bool
}

// Applied is one object as the server holds it after applying.
type Applied struct {
	Object *unstructured.Unstructured
	Result Result
	// Respecified tells that the spec of what was there was changed, and not only what is noted beside it.
	Respecified bool
}

// appliedOn is after, which applying has made of before; nil where there was nothing.
func appliedOn(before, after *unstructured.Unstructured) Applied {
	return Applied{
		Object: after, Result: result(before, after),
		Respecified: before != nil && !reflect.DeepEqual(before.Object["spec"], after.Object["spec"]),
	}
}

// apply applies object, on top of live, which is what the cluster holds of it now, or nil.
func (a *Applier) apply(ctx context.Context, object, live *unstructured.Unstructured) (Applied, error) {
	object = object.DeepCopy()
	if err := noteRules(object, live); err != nil {
		return Applied{}, fmt.Errorf("applying %s: %w", cluster.Name(object), err)
	}
	if live != nil {
		if t := a.takeover(object, live); t != nil {
			return a.takeOver(ctx, object, live, t)
		}
		if same(object, live, a.client.Manager()) {
			return Applied{Object: live, Result: Unchanged}, nil
		}
	}
	applied, err := a.send(ctx, object, a.options.DryRun)
	if err != nil {
		return Applied{}, err
	}
	return appliedOn(live, applied), nil
}

// send applies object and gives it back as the server holds it then.
func (a *Applier) send(ctx context.Context, object *unstructured.Unstructured, dry bool) (*unstructured.Unstructured, error) {
	kind, err := cluster.KindOf(object)
	if err != nil {
		return nil, err
	}
	options := metav1.ApplyOptions{FieldManager: a.client.Manager(), Force: a.options.ForceConflicts, DryRun: dryRun(dry)}
	var applied *unstructured.Unstructured
	err = a.client.Retry(ctx, func() (err error) {
		applied, err = a.client.Objects(kind, object.GetNamespace()).Apply(ctx, object.GetName(), object, options)
		return err
	})
	if apierrors.IsConflict(err) {
		return nil, conflict(err, cluster.Name(object))
	}
	if err != nil {
		err = cluster.Explain(explainTrust(err, object), "patch", kind.GVR(), object.GetNamespace())
		return nil, fmt.Errorf("applying %s: %w", cluster.Name(object), err)
	}
	return applied, nil
}

// dryRun is how a request says that nothing is to be written.
func dryRun(dry bool) []string {
	if dry {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// result compares an object before and after. A dry run moves no resourceVersion, so the contents decide.
func result(before, after *unstructured.Unstructured) Result {
	switch {
	case before == nil:
		return Created
	case reflect.DeepEqual(comparable(before), comparable(after)):
		return Unchanged
	default:
		return Configured
	}
}

// comparable is object without what the server alone counts.
func comparable(object *unstructured.Unstructured) map[string]any {
	o := object.DeepCopy()
	o.SetManagedFields(nil)
	o.SetResourceVersion("")
	o.SetGeneration(0)
	delete(o.Object, "status")
	return o.Object
}

// foreign says who made live, if it was not this tool for the router of that name.
func foreign(c *cluster.Client, live *unstructured.Unstructured, router string) string {
	if live.GetKind() == egress.Kind.Kind {
		return otherManager(c, live)
	}
	labels := live.GetLabels()
	if labels[egress.LabelManagedBy] != egress.ManagedByValue || labels[egress.LabelName] != egress.NameValue {
		return quotedManager(live)
	}
	if instance := labels[egress.LabelInstance]; instance != router {
		return "this command for the router " + instance
	}
	return ""
}

// otherManager says who made live, if this tool has not applied it: an EgressRouter has no label of ours, since it is
// applied as it was given, and anybody can write labels. The field manager tells.
func otherManager(c *cluster.Client, live *unstructured.Unstructured) string {
	if slices.ContainsFunc(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Operation == metav1.ManagedFieldsOperationApply && (entry.Manager == c.Manager() || entry.Manager == egress.ManagedByValue)
	}) {
		return ""
	}
	return quotedManager(live)
}

func quotedManager(live *unstructured.Unstructured) string {
	for _, entry := range live.GetManagedFields() {
		if entry.Manager != "" && entry.Subresource == "" {
			return fmt.Sprintf("another (%q)", entry.Manager)
		}
	}
	return "another"
}

// RouterOf is r as the cluster holds it once it was applied, with what this tool has noted on it.
func RouterOf(r *nov1.EgressRouter, provisioner egress.Provisioner, applied []Applied) snapshot.Router {
	for _, a := range applied {
		if a.Object.GetKind() != egress.Kind.Kind {
			continue
		}
		if found, err := read.FromEgressRouter(a.Object); err == nil {
			return read.BareRouter(found.Router)
		}
	}
	return snapshot.Router{EgressRouter: *r, Provisioner: provisioner}
}

// noteRules notes on object, an EgressRouter, which rules its pod must start with, where applying it changes the rules
// of live. It goes with the change in one request: a run that ends before the pod was restarted is completed by the
// next, which finds the note. Where nothing changes, the note stays as it is.
func noteRules(object, live *unstructured.Unstructured) error {
	if object.GetKind() != egress.Kind.Kind || live == nil {
		return nil
	}
	want, err := rulesHash(object)
	if err != nil {
		return err
	}
	note := live.GetAnnotations()[egress.AnnotationRules]
	if is, err := rulesHash(live); err == nil && is != want {
		note = want
	}
	if note == "" {
		return nil
	}
	annotations := object.GetAnnotations()
	metadata := metav1.ObjectMeta{Annotations: annotations}
	metav1.SetMetaDataAnnotation(&metadata, egress.AnnotationRules, note)
	object.SetAnnotations(metadata.Annotations)
	return nil
}

// rulesHash is the hash of what the NAD of an EgressRouter says.
func rulesHash(object *unstructured.Unstructured) (string, error) {
	var r nov1.EgressRouter
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &r); err != nil {
		return "", err
	}
	return render.Want(&r, egress.Operator).Hash(), nil
}
