package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/mirror"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Leftover is what remains: the objects of a router that the cluster holds and that deleting it removes, in the order
// in which they go: clients first, then the pod, then what the pod needs.
type Leftover struct {
	namespace, name string
	provisioner     egress.Provisioner
	Objects         []*unstructured.Unstructured
}

// LeftoverOf finds what create and expose made of the router name: its EgressRouter, and everything that
// has its labels. Labels can be copied, so objects that the server does not know as applied by this tool are refused
// unless adopt is set; what nobody labelled stays.
func LeftoverOf(ctx context.Context, c *cluster.Client, namespace, name string, asked egress.Provisioner, adopt bool) (*Leftover, error) {
	r := &Leftover{namespace: namespace, name: name, provisioner: egress.Standalone}
	cr, err := egressRouter(ctx, c, namespace, name, asked)
	if err != nil {
		return nil, err
	}
	if cr != nil {
		r.provisioner = egress.Operator
	}
	labelled, err := labelled(ctx, c, namespace, name)
	if err != nil {
		return nil, err
	}
	r.Objects = append(r.Objects, labelled.of("Service")...)
	if cr != nil {
		r.Objects = append(r.Objects, cr)
	} else {
		r.Objects = append(r.Objects, labelled.of("Deployment")...)
		r.Objects = append(r.Objects, labelled.of("NetworkAttachmentDefinition")...)
	}
	// Last, so that it limits who may use the router for as long as there is one.
	r.Objects = append(r.Objects, labelled.of("NetworkPolicy")...)
	for _, object := range r.Objects {
		if owner := otherManager(c, object); owner != "" && !adopt {
			return nil, fmt.Errorf("%s in namespace %s was made by %s, and nothing was deleted: pass --adopt to delete it all the same", cluster.Name(object), namespace, owner)
		}
	}
	return r, nil
}

// egressRouter reads the EgressRouter name, or nil where there is none, or none to look for.
func egressRouter(ctx context.Context, c *cluster.Client, namespace, name string, asked egress.Provisioner) (*unstructured.Unstructured, error) {
	if asked == egress.Standalone {
		return nil, nil
	}
	cr, err := c.Get(ctx, cluster.EgressRouters, namespace, name)
	if asked == egress.Auto && (cluster.NotServed(err) || c.Unserved(ctx, err)) {
		return nil, nil
	}
	return cr, err
}

type objects []*unstructured.Unstructured

func (o objects) of(kind string) objects {
	return slices.DeleteFunc(slices.Clone(o), func(object *unstructured.Unstructured) bool { return object.GetKind() != kind })
}

// labelled lists what has the labels of the router name.
func labelled(ctx context.Context, c *cluster.Client, namespace, name string) (objects, error) {
	var out objects
	if !canLabel(name) {
		return nil, nil
	}
	for _, kind := range []cluster.Kind{cluster.Services, cluster.Deployments, cluster.NADs, cluster.NetworkPolicies} {
		r := cluster.All(kind).Labelled(egress.Labels(name))
		found, err := cluster.List[*unstructured.Unstructured](ctx, c, r, namespace)
		if cluster.NotServed(err) {
			continue
		}
		if err != nil {
			return nil, r.Explain(err, namespace)
		}
		out = append(out, found...)
	}
	return out, nil
}

// Delete deletes the objects of r, telling done of each. What is gone already is no fault.
func Delete(ctx context.Context, c *cluster.Client, r *Leftover, dry bool, done func(*unstructured.Unstructured)) error {
	for _, object := range r.Objects {
		kind, err := cluster.KindOf(object)
		if err != nil {
			return err
		}
		uid := object.GetUID()
		background := metav1.DeletePropagationBackground
		options := metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid}, DryRun: dryRun(dry)}
		err = c.Objects(kind, r.namespace).Delete(ctx, object.GetName(), options)
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("deleting %s: %w", cluster.Name(object), cluster.Explain(err, "delete", kind.GVR(), r.namespace))
		}
		done(object)
	}
	return nil
}

// selections are what must be gone in the end: what was deleted, what the operator made of it, and its pods.
func (r *Leftover) selections() []cluster.Reading {
	selections := []cluster.Reading{
		cluster.All(cluster.Services).Labelled(egress.Labels(r.name)),
		cluster.All(cluster.Deployments).Called(r.provisioner.DeploymentName(r.name)),
		cluster.All(cluster.Pods).Labelled(r.provisioner.PodLabels(r.name)),
		cluster.All(cluster.NADs).Called(r.provisioner.NADName(r.name)),
		cluster.All(cluster.NetworkPolicies).Labelled(egress.Labels(r.name)),
	}
	if r.provisioner == egress.Operator {
		selections = append(selections, cluster.All(cluster.EgressRouters).Called(r.name))
	}
	if !canLabel(r.name) {
		selections = slices.DeleteFunc(selections, func(s cluster.Reading) bool { return strings.Contains(s.Labels, "="+r.name) })
	}
	return selections
}

// canLabel reports whether a router's name can be a label's value: an EgressRouter's may be longer, and then nothing has it.
func canLabel(name string) bool { return len(validation.IsValidLabelValue(name)) == 0 }

// WaitGone waits until nothing of r is left.
func WaitGone(ctx context.Context, c *cluster.Client, r *Leftover, timeout time.Duration, say func(reason string)) error {
	reasons := &reasons{say: say}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	sources := collect.Map(r.selections(), func(s cluster.Reading) *mirror.Source { return mirror.NewSource(c, s, r.namespace).Whole().Fresh() })
	err := mirror.Follow(within, sources, func() (bool, error) {
		if all, err := mirror.Seen(sources); !all || err != nil {
			return false, err
		}
		reason := r.left(mirror.Objects(sources))
		reasons.now(reason)
		return reason == "", nil
	})
	return timedOut(ctx, err, "egress router "+r.namespace+"/"+r.name+" to be gone", timeout, func() string { return reasons.last })
}

// Terminating reports whether objects of r are still on their way out, though nothing is left to delete: those of
// a delete that was broken off.
func Terminating(ctx context.Context, c *cluster.Client, r *Leftover, asked egress.Provisioner) (bool, error) {
	for _, provisioner := range []egress.Provisioner{egress.Operator, egress.Standalone} {
		if asked != egress.Auto && asked != provisioner {
			continue
		}
		r.provisioner = provisioner
		var found []*unstructured.Unstructured
		for _, s := range r.selections() {
			list, err := selected(ctx, c, s, r.namespace)
			if err != nil {
				return false, err
			}
			found = append(found, list...)
		}
		if r.left(found) != "" {
			return true, nil
		}
	}
	return false, nil
}

// selected lists a selection; what the user may not list, or what is not served, is nothing to wait for.
func selected(ctx context.Context, c *cluster.Client, s cluster.Reading, namespace string) ([]*unstructured.Unstructured, error) {
	found, err := cluster.List[*unstructured.Unstructured](ctx, c, s, namespace)
	if apierrors.IsForbidden(err) || cluster.NotServed(err) {
		return nil, nil
	}
	return found, s.Explain(err, namespace)
}

// left names what of r is still there, or "".
func (r *Leftover) left(found []*unstructured.Unstructured) string {
	shared := r.shared(found)
	left := collect.Filter(found, func(object *unstructured.Unstructured) bool { return r.counts(object, shared) })
	if len(left) == 0 {
		return ""
	}
	return strings.Join(collect.Map(left, cluster.Name), ", ") + " still there"
}

// counts reports whether object is one to wait for. What another made under the same name stays.
func (r *Leftover) counts(object *unstructured.Unstructured, shared bool) bool {
	switch {
	case object.GetKind() == "Service", object.GetKind() == "NetworkPolicy", object.GetKind() == egress.Kind.Kind:
		return true
	case r.provisioner == egress.Standalone:
		return object.GetLabels()[egress.LabelManagedBy] == egress.ManagedByValue
	default:
		return !shared
	}
}

// shared reports whether NAD, Deployment and pods belong to another router: the operator gives those of all
// routers in a namespace the same names.
func (r *Leftover) shared(found []*unstructured.Unstructured) bool {
	return r.provisioner != egress.Standalone && slices.ContainsFunc(found, func(object *unstructured.Unstructured) bool {
		return slices.ContainsFunc(object.GetOwnerReferences(), func(owner metav1.OwnerReference) bool {
			return owner.Kind == egress.Kind.Kind && owner.Name != r.name
		})
	})
}
