package cluster

import (
	"context"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

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

// ApplyRouter applies the objects of a router, in order. Everything that may refuse one of them is asked
// before the first is written; what was applied is returned with the error too.
func (c *Client) ApplyRouter(ctx context.Context, r Request, o ApplyOptions) ([]Applied, error) {
	live := make([]*unstructured.Unstructured, len(r.Objects))
	for i, render := range r.Objects {
		object, err := render("")
		if err != nil {
			return nil, err
		}
		if live[i], err = c.Live(ctx, object, r.Router.Name, o); err != nil {
			return nil, err
		}
	}
	owner := r.Owner
	var done []Applied
	for i, render := range r.Objects {
		object, err := render(owner)
		if err != nil {
			return done, err
		}
		applied, err := c.Apply(ctx, object, live[i], o)
		if err != nil {
			return done, err
		}
		done = append(done, applied)
		// A dry run gives what it would create a UID that nothing has.
		if object.GetKind() == egress.Kind.Kind && (!o.DryRun || live[i] != nil) {
			owner = applied.Object.GetUID()
		}
	}
	return done, nil
}
