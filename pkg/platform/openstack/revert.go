package openstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Revert puts Before back, last change of a port first and in Apply's order of kinds, where After still stands: the
// lists are compared as sets, for Neutron gives them in an order of its own, and Before is written as it was, in
// order and spelling. done hears of the changes as they were given.
func (a *Adapter) Revert(ctx context.Context, changes []platform.Change, done func(platform.Change, error)) error {
	if len(changes) == 0 {
		return nil
	}
	r, err := a.newRun(ctx, done)
	if err != nil {
		return err
	}
	inverse := make([]platform.Change, 0, len(changes))
	for _, change := range slices.Backward(changes) {
		change.Before, change.After = change.After, change.Before
		inverse = append(inverse, change)
	}
	phases, err := phased(inverse)
	if err != nil {
		return err
	}
	for _, phase := range phases {
		r.each(phase, func(chain []platform.Change) {
			for _, change := range chain {
				r.revert(ctx, change)
			}
		})
	}
	return r.summary()
}

// revert carries one inverse change out.
func (r *run) revert(ctx context.Context, inverse platform.Change) {
	given := inverse
	given.Before, given.After = inverse.After, inverse.Before
	err := ctx.Err()
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", errNotBegun, err)
	case string(inverse.Before) == string(inverse.After):
	case inverse.Field == portField:
		err = r.revertPort(ctx, inverse)
	default:
		err = r.revertPairs(ctx, inverse)
	}
	r.end(given, err)
}

func (r *run) revertPort(ctx context.Context, inverse platform.Change) error {
	if isNull(inverse.After) {
		return r.release(ctx, inverse)
	}
	// A port that was deleted comes back as another with the same address.
	var want reservation
	if err := json.Unmarshal(inverse.After, &want); err != nil {
		return fmt.Errorf("reading the reservation of %s: %w", inverse.Target, err)
	}
	_, err := r.keep(ctx, inverse)
	return err
}

// revertPairs writes the list of inverse.After where that of inverse.Before stands.
func (r *run) revertPairs(ctx context.Context, inverse platform.Change) error {
	d, err := deltaOf(inverse)
	if err != nil {
		return err
	}
	if err := r.hindered(d); err != nil {
		return err
	}
	w := &writer{run: r, change: inverse, next: func(p *port) ([]ports.AddressPair, bool, error) {
		switch {
		case sameSet(p.Pairs, d.after, p.MAC):
			return nil, true, nil
		case sameSet(p.Pairs, d.before, p.MAC):
			return d.after, false, nil
		default:
			return nil, false, fmt.Errorf("%s has other pairs now (%d, and not the %d that were written): %w", inverse.Target, len(p.Pairs), len(d.before), platform.ErrMoved)
		}
	}}
	if _, err := w.write(ctx); err != nil {
		if !errors.Is(err, platform.ErrMoved) {
			r.want(d.add)
		}
		return err
	}
	for _, pair := range d.remove {
		r.adapter.ledger.removed(recordOf(inverse.ID, pair))
	}
	for _, pair := range d.add {
		r.adapter.ledger.wrote(recordOf(inverse.ID, pair))
	}
	return nil
}

// want notes pairs that could not be added.
func (r *run) want(pairs []ports.AddressPair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, pair := range pairs {
		r.wanting[keyOf(pair, "")] = true
	}
}
