package openstack

import (
	"context"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Revert puts Before back, last change of a port first and in Apply's order of kinds, where After still stands: the
// lists are compared as sets, for Neutron gives them in an order of its own, and Before is written as it was, in
// order and spelling. A port that was deleted comes back as another with the same address. done hears of the changes
// as they were given.
func (a *Adapter) Revert(ctx context.Context, changes []platform.Change, done func(platform.Change, error)) error {
	r := &run{adapter: a, cloud: a.cloud, exact: true, tell: func(inverse platform.Change, err error) {
		if done != nil {
			done(inverted(inverse), err)
		}
	}}
	inverse := make([]platform.Change, 0, len(changes))
	for _, change := range slices.Backward(changes) {
		inverse = append(inverse, inverted(change))
	}
	if err := r.carryOut(ctx, inverse); err != nil {
		return err
	}
	return r.summary()
}

func inverted(change platform.Change) platform.Change {
	change.Before, change.After = change.After, change.Before
	return change
}
