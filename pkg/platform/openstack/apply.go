package openstack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// ErrUndone is in the chain of the error of a change that was written and did not stand when it was read back:
// somebody writes the port without heeding its revision.
var ErrUndone = errors.New("another writer undid it")

// errNotBegun is in the chain of the error of a change that was left out, because of another or of an interruption.
var errNotBegun = errors.New("not begun")

// Apply carries plan out: reservations that go, pairs that come, reservations that come, pairs that go, each kind
// with as many writes in flight as Options says. Then every port is read back: a change that did not stand is told
// to done a second time, with ErrUndone.
func (a *Adapter) Apply(ctx context.Context, plan *platform.Plan, done func(platform.Change, error)) error {
	if len(plan.Changes) == 0 {
		return nil
	}
	r, err := a.newRun(ctx, done)
	if err != nil {
		return err
	}
	phases, err := phased(plan.Changes)
	if err != nil {
		return err
	}
	for _, phase := range phases {
		r.each(phase, func(chain []platform.Change) {
			for _, change := range chain {
				r.carryOut(ctx, change)
			}
		})
	}
	back := r.readBack(ctx)
	return errors.Join(r.summary(), back)
}

// run is one Apply or Revert.
type run struct {
	adapter *Adapter
	cloud   *Cloud
	guarded bool
	tell    func(platform.Change, error)

	mu       sync.Mutex
	outcomes []outcome
	failed   int
	// wanting are the pairs that could not be added, and keeping the addresses whose reservation could not be deleted.
	wanting map[key]bool
	keeping map[string]bool
}

// outcome is what became of a change of pairs.
type outcome struct {
	change platform.Change
	delta  delta
	err    error
}

func (a *Adapter) newRun(ctx context.Context, done func(platform.Change, error)) (*run, error) {
	guarded, err := a.guarded(ctx)
	if err != nil {
		return nil, err
	}
	return &run{adapter: a, cloud: a.cloud, guarded: guarded, tell: done, wanting: map[key]bool{}, keeping: map[string]bool{}}, nil
}

// phased sorts changes into those that may go side by side. Without any pair OVN answers for a reserved address with
// the reservation's MAC, so the pair comes before the reservation and goes after it; and a pair that moves is
// added before it is removed.
func phased(changes []platform.Change) ([][]platform.Change, error) {
	phases := make([][]platform.Change, 4)
	for _, change := range changes {
		if change.Field == pairsField && !plausible(change.ID) {
			return nil, fmt.Errorf("the plan names a port %q, which is no UUID", change.ID)
		}
		where := 0
		switch {
		case change.Field == portField && isNull(change.After):
		case change.Field == portField:
			where = 2
		case change.Field == pairsField:
			d, err := deltaOf(change)
			if err != nil {
				return nil, err
			}
			where = 3
			if len(d.add) > 0 {
				where = 1
			}
		default:
			return nil, fmt.Errorf("the plan changes the field %q of %s, which this program does not know", change.Field, change.Target)
		}
		phases[where] = append(phases[where], change)
	}
	return phases, nil
}

// each calls do for the changes of every target, in their order; several targets at a time.
func (r *run) each(changes []platform.Change, do func([]platform.Change)) {
	var ids []string
	chains := map[string][]platform.Change{}
	for _, change := range changes {
		if chains[change.ID] == nil {
			ids = append(ids, change.ID)
		}
		chains[change.ID] = append(chains[change.ID], change)
	}
	var group errgroup.Group
	group.SetLimit(r.adapter.options.Concurrency)
	for _, id := range ids {
		group.Go(func() error {
			do(chains[id])
			return nil
		})
	}
	// No function above gives an error: each change has its own.
	_ = group.Wait()
}

// carryOut does one change, unless another's failure forbids it.
func (r *run) carryOut(ctx context.Context, change platform.Change) {
	if err := ctx.Err(); err != nil {
		r.end(change, fmt.Errorf("%w: %w", errNotBegun, err))
		return
	}
	if change.Field == portField {
		r.carryOutPort(ctx, change)
		return
	}
	d, err := deltaOf(change)
	if err == nil {
		err = r.hindered(d)
	}
	if err == nil {
		change, err = r.writePairs(ctx, change, d)
	}
	r.book(change, d, err)
	r.end(change, err)
}

// hindered reports whether a failure before forbids to remove the pairs of d.
func (r *run) hindered(d delta) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, pair := range d.remove {
		k := keyOf(pair, "")
		if r.wanting[k] {
			return fmt.Errorf("%w: the pair for %s could not be added to its new port, so it stays here", errNotBegun, pair.IPAddress)
		}
		if r.keeping[k.ip] {
			return fmt.Errorf("%w: the reservation of %s could not be deleted, and must not outlive the pair", errNotBegun, pair.IPAddress)
		}
	}
	return nil
}

// book notes the outcome, and in the ledger what is ours now.
func (r *run) book(change platform.Change, d delta, err error) {
	r.mu.Lock()
	r.outcomes = append(r.outcomes, outcome{change, d, err})
	if err != nil {
		for _, pair := range d.add {
			r.wanting[keyOf(pair, "")] = true
		}
	}
	r.mu.Unlock()
	if err != nil {
		return
	}
	really, realErr := deltaOf(change)
	if realErr != nil {
		return
	}
	for _, pair := range really.add {
		r.adapter.ledger.wrote(Pair{Port: change.ID, IP: pair.IPAddress, MAC: pair.MACAddress})
	}
	for _, pair := range d.remove {
		r.adapter.ledger.removed(Pair{Port: change.ID, IP: pair.IPAddress, MAC: pair.MACAddress})
	}
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
func plausible(id string) bool {
	return id != "" && !strings.ContainsFunc(id, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// isNull reports whether a value is JSON's null, or none at all.
func isNull(value []byte) bool { return len(value) == 0 || string(value) == "null" }
