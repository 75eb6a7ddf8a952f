package openstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Store holds the records of what was written to Neutron, as Decode reads them, by router (namespace/name).
type Store interface {
	// Load returns the record of a router; known is false for one that nothing can be recorded for.
	Load(router string) (record string, known bool)
	// Save replaces the records of routers; "" removes one. Its errors are by router.
	Save(ctx context.Context, records map[string]string) map[string]error
}

// Keeper is an Adapter that keeps the records of what it writes. Ahead of a write it records what may come to stand,
// and when the ports have been read back, what stands. So no crash leaves a pair that nobody knows of. A pair that is its
// own record is not written down.
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
		errs = append(errs, fmt.Errorf("recording what is written to Neutron for egress router %s: %w", router, failed[router]))
	}
	return errors.Join(errs...)
}

// save writes the records that differ from those in the store. Its errors are by router.
func (k *Keeper) save(ctx context.Context, records map[string][]Pair) map[string]error {
	failed, news := map[string]error{}, map[string]string{}
	for router, pairs := range records {
		switch record, differs, err := k.differs(router, pairs); {
		case err != nil:
			failed[router] = err
		case differs:
			news[router] = record
		}
	}
	if len(news) > 0 {
		maps.Copy(failed, k.store.Save(ctx, news))
	}
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

// Revert is the Adapter's, with the records kept: what comes back is recorded again, and what goes no longer is.
func (k *Keeper) Revert(ctx context.Context, changes []platform.Change, done func(platform.Change, error)) error {
	inverse := platform.Plan{Changes: changes}.Invert()
	for _, c := range inverse.Changes {
		d, err := deltaOf(c)
		if err != nil || c.Field != pairsField || len(c.Routers) == 0 {
			continue // Revert says what is wrong with it
		}
		for _, pair := range d.add {
			k.ledger.owns(c.Routers[0], Pair{c.ID, pair.IPAddress, pair.MACAddress})
		}
	}
	ahead, err := k.recordsAhead(&inverse)
	if err == nil {
		err = joined(k.save(ctx, ahead))
	}
	if err != nil {
		return err
	}
	err = k.Adapter.Revert(ctx, changes, done)
	return errors.Join(err, joined(k.save(ctx, k.recorded())))
}

// TakeBack removes what records say was written for routers that are gone, and of the records all that is done with.
func (k *Keeper) TakeBack(ctx context.Context, records map[string][]Pair, done func(platform.Change, error)) error {
	adapter := k.with(records)
	plan, err := adapter.PlanRevoke(ctx, records)
	if err != nil {
		return err
	}
	if err = adapter.Apply(ctx, plan, done); err != nil {
		err = fmt.Errorf("taking back what was written for routers that are gone: %w", err)
	}
	left := adapter.recorded()
	for router := range records {
		left[router] = slices.Clip(left[router]) // none at all where nothing is known of it
	}
	return errors.Join(err, joined(k.save(ctx, left)))
}

// with is another adapter like that of k, with other records.
func (k *Keeper) with(records map[string][]Pair) *Adapter {
	options := k.options
	options.Recorded = records
	return &Adapter{cloud: k.cloud, options: options, ledger: newLedger(records)}
}
