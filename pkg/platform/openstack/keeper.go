package openstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// recordsInFlight is how many records are written at a time.
const recordsInFlight = 16

// Store holds the records of what was written to Neutron, as Encode spells them, by router (namespace/name).
type Store interface {
	// Load returns the record of a router; known is false for one that nothing can be recorded for.
	Load(router string) (record string, known bool)
	// Save replaces the record of a router; "" removes it.
	Save(ctx context.Context, router, record string) error
}

// Keeper is an Adapter that keeps the records of what it writes. Ahead of a write it records what may come to stand,
// and when the ports have been read back, what stands. So no crash leaves a pair that nobody knows of.
type Keeper struct {
	*Adapter
	store Store
	// need is what the last plan was asked for.
	need []platform.Attachment
}

var _ platform.Adapter = &Keeper{}

// NewKeeper makes an adapter that works in cloud and keeps its records in store.
func NewKeeper(cloud *Cloud, o Options, store Store) (*Keeper, error) {
	adapter, err := New(cloud, o)
	return &Keeper{Adapter: adapter, store: store}, err
}

// Plan is the Adapter's.
func (k *Keeper) Plan(ctx context.Context, need []platform.Attachment) (*platform.Plan, error) {
	k.need = need
	return k.Adapter.Plan(ctx, need)
}

// Apply is the Adapter's, with the records kept. Nothing is written where one of them cannot be.
func (k *Keeper) Apply(ctx context.Context, plan *platform.Plan, done func(platform.Change, error)) error {
	ahead, err := k.recordsAhead(plan)
	if err != nil {
		return err
	}
	if err := joined(k.save(ctx, ahead)); err != nil {
		return err
	}
	err = k.Adapter.Apply(ctx, plan, done)
	return errors.Join(err, joined(k.save(ctx, k.recorded())))
}

// joined is the errors of all routers as one.
func joined(failed map[string]error) error {
	var errs []error
	for _, router := range slices.Sorted(maps.Keys(failed)) {
		errs = append(errs, fmt.Errorf("recording on egress router %s what is written to Neutron: %w", router, failed[router]))
	}
	return errors.Join(errs...)
}

// save writes the records that differ from those in the store. Its errors are by router.
func (k *Keeper) save(ctx context.Context, records map[string][]Pair) map[string]error {
	failed := map[string]error{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(recordsInFlight)
	for router, pairs := range records {
		record, differs, err := k.differs(router, pairs)
		if err == nil && !differs {
			continue
		}
		group.Go(func() error {
			if err == nil {
				err = k.store.Save(ctx, router, record)
			}
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[router] = err
			}
			return nil
		})
	}
	// No function above gives an error: each router has its own.
	_ = group.Wait()
	return failed
}

// differs returns the record of pairs, and reports whether the store has another for that router.
func (k *Keeper) differs(router string, pairs []Pair) (record string, differs bool, err error) {
	stored, known := k.store.Load(router)
	if !known {
		return "", false, nil
	}
	record, err = encodePairs(pairs)
	return record, record != stored, err
}

// Writes reports whether plan asks for anything to be written: to Neutron, or of what a record names in vain.
func (k *Keeper) Writes(plan *platform.Plan) bool {
	for router, pairs := range k.recorded() {
		if _, differs, err := k.differs(router, pairs); differs || err != nil {
			return true
		}
	}
	return len(plan.Changes) > 0
}

// TakeBack removes what records say was written for routers that are gone, and their records with them.
func (k *Keeper) TakeBack(ctx context.Context, records map[string][]Pair, done func(platform.Change, error)) error {
	adapter := k.with(records)
	plan, err := adapter.PlanRevoke(ctx, records)
	if err != nil {
		return err
	}
	if err := adapter.Apply(ctx, plan, done); err != nil {
		return fmt.Errorf("taking back what was written for routers that are gone: %w", err)
	}
	return nil
}

// with is another adapter like that of k, with other records.
func (k *Keeper) with(records map[string][]Pair) *Adapter {
	options := k.options
	options.Recorded = records
	return &Adapter{cloud: k.cloud, options: options, ledger: newLedger(records)}
}
