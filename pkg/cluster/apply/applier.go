// Package apply changes what the cluster holds: it applies routers, restarts their pods, waits for them and deletes them.
package apply

import (
	"context"
	"fmt"
	"slices"

	nov1 "github.com/openshift/api/networkoperator/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Object renders one object of a router. owner is the UID of the router's live EgressRouter, or "" where
// there is none: what goes with an EgressRouter refers to it.
type Object func(owner types.UID) (*unstructured.Unstructured, error)

// Fixed is an Object that no owner changes.
func Fixed(object *unstructured.Unstructured) Object {
	return func(types.UID) (*unstructured.Unstructured, error) { return object, nil }
}

// Request is a router to apply.
type Request struct {
	Router *nov1.EgressRouter
	// Objects are applied in order.
	Objects []Object
	// Owner is the UID of the router's EgressRouter, where that is not among Objects.
	Owner types.UID
}

// few is up to how many routers each object is read by itself. Beyond, lists are cheaper.
const few = 5

// Applier applies routers. It reads before it writes, and sends nothing for what is as it was asked.
type Applier struct {
	client  *cluster.Client
	options Options
	before  *reader
	// asked is set once the server was asked what it would refuse of a router's objects.
	asked bool
}

// New makes an Applier for the routers, all of one provisioner; services tells that their Services
// will be applied too.
func New(ctx context.Context, c *cluster.Client, routers []*nov1.EgressRouter, provisioner egress.Provisioner, services bool, o Options) (*Applier, error) {
	a := &Applier{client: c, options: o, before: &reader{client: c}}
	if len(routers) <= few {
		return a, nil
	}
	namespace := routers[0].Namespace
	if slices.ContainsFunc(routers, func(r *nov1.EgressRouter) bool { return r.Namespace != namespace }) {
		namespace = ""
	}
	var err error
	a.before, err = newIndex(ctx, c, namespace, provisioner, services, o.NetworkPolicies)
	return a, err
}

// Router applies the objects of a router, in order. Everything that may refuse one of them is asked before
// the first is written; what was applied is returned with the error too.
func (a *Applier) Router(ctx context.Context, r Request) ([]Applied, error) {
	live := make([]*unstructured.Unstructured, len(r.Objects))
	for i, render := range r.Objects {
		object, err := render("")
		if err != nil {
			return nil, err
		}
		if live[i], err = a.live(ctx, object, r.Router.Name); err != nil {
			return nil, err
		}
	}
	owner := r.Owner
	for _, object := range live {
		if object != nil && object.GetKind() == egress.Kind.Kind {
			owner = object.GetUID()
		}
	}
	a, err := a.refuseConflicts(ctx, r.Objects, live, owner)
	if err != nil {
		return nil, err
	}
	var done []Applied
	for i, render := range r.Objects {
		object, err := render(owner)
		if err != nil {
			return done, err
		}
		applied, err := a.apply(ctx, object, live[i])
		if err != nil {
			return done, err
		}
		done = append(done, applied)
		// A dry run gives what it would create a UID that nothing has.
		if object.GetKind() == egress.Kind.Kind && owner == "" && !a.options.DryRun {
			owner = applied.Object.GetUID()
			if err := a.own(ctx, r.Objects[:i], done, owner); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// refuseConflicts asks the server what it would refuse of what others have set too, so that nothing is written where
// one of several objects is refused. The Applier that it returns does not ask again as it applies them.
func (a *Applier) refuseConflicts(ctx context.Context, objects []Object, live []*unstructured.Unstructured, owner types.UID) (*Applier, error) {
	if a.options.ForceConflicts || a.options.DryRun || len(objects) == 1 {
		return a, nil // the first request tells
	}
	for i, render := range objects {
		if live[i] == nil {
			continue
		}
		object, err := render(owner)
		if err != nil {
			return nil, err
		}
		if !shared(live[i], a.client.Manager()) && a.takeover(object, live[i]) == nil {
			continue
		}
		if err := a.refuseConflict(ctx, object, live[i]); err != nil {
			return nil, err
		}
	}
	asked := *a
	asked.asked = true
	return &asked, nil
}

// own applies again what came before its owner, the EgressRouter, which did not exist then.
func (a *Applier) own(ctx context.Context, objects []Object, done []Applied, owner types.UID) error {
	for i, render := range objects {
		object, err := render(owner)
		if err != nil {
			return err
		}
		applied, err := a.apply(ctx, object, done[i].Object)
		if err != nil {
			return err
		}
		if done[i].Object = applied.Object; done[i].Result == Unchanged {
			done[i].Result = applied.Result
		}
	}
	return nil
}

// live reads what the cluster holds of object and refuses what is not the router's.
func (a *Applier) live(ctx context.Context, object *unstructured.Unstructured, router string) (*unstructured.Unstructured, error) {
	kind, err := cluster.KindOf(object)
	if err != nil {
		return nil, err
	}
	live, err := a.before.object(ctx, kind, object.GetNamespace(), object.GetName())
	if err != nil || live == nil {
		return nil, err
	}
	live.SetGroupVersionKind(object.GroupVersionKind())
	if live.GetDeletionTimestamp() != nil {
		return nil, fmt.Errorf("%s in namespace %s is being deleted: run this again when it is gone", cluster.Name(live), live.GetNamespace())
	}
	if owner := foreign(a.client, live, router); owner != "" && !a.options.Adopt {
		return nil, fmt.Errorf("%s in namespace %s was made by %s: choose another name, or take it over with --adopt",
			cluster.Name(live), live.GetNamespace(), owner)
	}
	if a.before.isPartial(kind, live) {
		return a.client.Get(ctx, kind, object.GetNamespace(), object.GetName())
	}
	return live, nil
}

// RefuseOther says why the router cannot be made under provisioner: one of its name is there under the
// other. Who may not read the other's kind is not held up by that.
func (a *Applier) RefuseOther(ctx context.Context, r *nov1.EgressRouter, provisioner egress.Provisioner) error {
	other, kind := provisioner.Other(), cluster.Deployments
	if other == egress.Operator {
		kind = cluster.EgressRouters
	}
	live, err := a.before.object(ctx, kind, r.Namespace, r.Name)
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		return nil
	case err != nil:
		return err
	case live == nil, other == egress.Standalone && !read.IsStandalone(live):
		return nil
	}
	return check.UnderOther(r, other)
}
