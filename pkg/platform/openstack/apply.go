package openstack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// errUndone is in the chain of the error of a change that was written and did not stand when it was read back:
// somebody writes the port without checking its revision.
var errUndone = errors.New("another writer undid it")

// errNotBegun is in the chain of the error of a change that was left out, because of another or of an interruption.
var errNotBegun = errors.New("not begun")

// Apply carries plan out: reservations that go, pairs that come, then reservations that come and pairs that go, with as
// many writes in flight as Options says. Then every port is read back: a change that did not last is told
// to done a second time, with errUndone.
func (a *Adapter) Apply(ctx context.Context, plan *platform.Plan, done func(platform.Change, error)) error {
	r := &run{adapter: a, cloud: a.cloud, tell: done}
	if err := r.carryOut(ctx, plan.Changes); err != nil {
		return err
	}
	back := r.readBack(ctx)
	return errors.Join(r.summary(), back)
}

// run is one Apply or Revert.
type run struct {
	adapter *Adapter
	cloud   *Cloud
	guarded bool
	// exact is set for a Revert: it writes the values as they are, and only where the others stand.
	exact bool
	tell  func(platform.Change, error)

	mu       sync.Mutex
	outcomes []outcome
	failed   int
	// wanting are the addresses and MACs that could not be added to a port, and keeping the addresses whose reservation
	// could not be deleted.
	wanting []Pair
	keeping []string
}

// outcome is what became of a change of pairs.
type outcome struct {
	change platform.Change
	delta  delta
	err    error
}

// carryOut does changes in phases: the changes of a target in their order, several targets at a time.
func (r *run) carryOut(ctx context.Context, changes []platform.Change) error {
	if len(changes) == 0 {
		return nil
	}
	var err error
	if r.guarded, err = r.adapter.guarded(ctx); err != nil {
		return err
	}
	phases, err := phased(changes)
	if err != nil {
		return err
	}
	for _, phase := range phases {
		targets := map[string][]platform.Change{}
		for _, change := range phase {
			targets[change.ID] = append(targets[change.ID], change)
		}
		var group errgroup.Group
		group.SetLimit(r.adapter.options.Concurrency)
		for _, change := range phase {
			chain := targets[change.ID]
			delete(targets, change.ID)
			group.Go(func() error {
				for _, change := range chain {
					r.do(ctx, change)
				}
				return nil
			})
		}
		// No function above gives an error: each change has its own.
		_ = group.Wait()
	}
	return nil
}

// phased sorts changes into those that may go side by side. Without any pair OVN answers for a reserved address with
// the reservation's MAC, so the pair comes before the reservation and goes after it; and a pair that moves is
// added before it is removed.
func phased(changes []platform.Change) (phases [3][]platform.Change, err error) {
	for _, change := range changes {
		phase := 2
		switch change.Field {
		case portField:
			if isNull(change.After) {
				phase = 0
			}
		case pairsField:
			d, err := deltaOf(change)
			switch {
			case !plausible(change.ID):
				return phases, fmt.Errorf("the plan names a port %q, which is no UUID", change.ID)
			case err != nil:
				return phases, err
			case len(d.add) > 0:
				phase = 1
			}
		default:
			return phases, fmt.Errorf("the plan changes the field %q of %s, which this program does not know", change.Field, change.Target)
		}
		phases[phase] = append(phases[phase], change)
	}
	return phases, nil
}

// do carries one change out, and tells how it ended.
func (r *run) do(ctx context.Context, change platform.Change) {
	really, err := change, ctx.Err()
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", errNotBegun, err)
	case r.exact && string(change.Before) == string(change.After):
	case change.Field == portField:
		really, err = r.writePort(ctx, change)
	default:
		really, err = r.writePairs(ctx, change)
	}
	if r.exact {
		really = change
	}
	r.end(really, err)
}

// writePairs does one change of pairs, unless another's failure forbids it, and notes what is ours now.
func (r *run) writePairs(ctx context.Context, change platform.Change) (platform.Change, error) {
	d, err := deltaOf(change)
	if err == nil {
		err = r.hindered(d)
	}
	if err == nil {
		change, err = (&writer{run: r, change: change, delta: d}).write(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes = append(r.outcomes, outcome{change, d, err})
	if err != nil {
		if !errors.Is(err, platform.ErrMoved) {
			r.wanting = append(r.wanting, collect.Map(d.add, func(pair ports.AddressPair) Pair { return keyOf(pair, "") })...)
		}
		return change, err
	}
	added := d.add
	if really, err := deltaOf(change); err == nil && !r.exact {
		added = really.add
	}
	r.adapter.ledger.wrote(change.ID, added)
	r.adapter.ledger.removed(change.ID, d.remove)
	return change, nil
}

// hindered reports whether a failure before forbids to remove the pairs of d.
func (r *run) hindered(d delta) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, pair := range d.remove {
		k := keyOf(pair, "")
		if slices.Contains(r.wanting, k) {
			return fmt.Errorf("%w: the pair for %s could not be added to its new port, so it stays here", errNotBegun, pair.IPAddress)
		}
		if slices.Contains(r.keeping, k.IP) {
			return fmt.Errorf("%w: the reservation of %s could not be deleted, and it is removed with the pair", errNotBegun, pair.IPAddress)
		}
	}
	return nil
}

// end tells how change ended, one at a time.
func (r *run) end(change platform.Change, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failed++
	}
	if r.tell != nil {
		r.tell(change, err)
	}
}

// summary says how many changes failed, or nil.
func (r *run) summary() error {
	if r.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of the changes failed: run the command again to complete it", r.failed)
}

// plausible reports whether id can be a port's: plans are read from files too, and the ID becomes part of an address.
func plausible(id string) bool { return uuid.Validate(id) == nil }

// isNull reports whether a value is JSON's null, or none at all.
func isNull(value []byte) bool { return len(value) == 0 || string(value) == "null" }
