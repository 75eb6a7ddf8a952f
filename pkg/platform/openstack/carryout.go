package openstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Result is what became of a plan that was carried out for many routers.
type Result struct {
	// Plan is what was carried out: it leaves out the routers whose record could not be written ahead.
	Plan *platform.Plan
	// Unrecorded are the routers whose record could not be written.
	Unrecorded map[string]error
	// Failed are the routers of changes that did not stand, and Changed those whose changes all did.
	Failed  map[string]error
	Changed map[string]bool
	// Before are the pairs that stood, or were recorded, and Recorded those that stand, by router; targets name the ports
	// that were written.
	Before   map[string][]Pair
	Recorded map[string][]Pair
	targets  map[string]string
	// refused are the changes for several routers that Neutron refused for what was in them.
	refused []platform.Change
}

// Target names the port of a pair, with its node where it was written.
func (r *Result) Target(p Pair) string {
	if name := r.targets[p.Port]; name != "" {
		return name
	}
	return target(p.Port, "")
}

// CarryOut carries out the last plan of k so that the fault of one router holds up no other: it records, writes and
// records what stands. An error is only what keeps the whole from being done; done is told of each change.
func (k *Keeper) CarryOut(ctx context.Context, plan *platform.Plan, done func(platform.Change, error)) (*Result, error) {
	r := &Result{Plan: plan, Unrecorded: map[string]error{}, Failed: map[string]error{}, Changed: map[string]bool{}, targets: map[string]string{}, Before: k.recorded()}
	k, err := k.recordAhead(ctx, r)
	if err != nil {
		return nil, err
	}
	k.apply(ctx, r.Plan, r, done)
	r.Recorded = k.recorded()
	if err := k.separate(ctx, r, done); err != nil {
		return nil, err
	}
	if err := k.trim(ctx, r); err != nil {
		return nil, err
	}
	maps.Copy(r.Unrecorded, k.save(ctx, r.Recorded))
	maps.DeleteFunc(r.Changed, func(router string, _ bool) bool { return r.Failed[router] != nil })
	return r, ctx.Err()
}

// recordAhead records what may come to stand. Routers that this fails for are planned without, by the keeper returned.
func (k *Keeper) recordAhead(ctx context.Context, r *Result) (*Keeper, error) {
	for {
		ahead, err := k.recordsAhead(r.Plan)
		if err != nil {
			return nil, fmt.Errorf("writing the records: %w", err)
		}
		failed := k.save(ctx, ahead)
		if err := ctx.Err(); err != nil || len(failed) == 0 {
			return k, err
		}
		// Each round leaves a router out, so this ends.
		maps.Copy(r.Unrecorded, failed)
		recorded := maps.Clone(k.options.Recorded)
		maps.DeleteFunc(recorded, func(router string, _ []Pair) bool { return failed[router] != nil })
		k, r.Plan, err = k.planFor(ctx, recorded, func(router string) bool { return failed[router] == nil })
		if err != nil {
			return nil, err
		}
	}
}

// planFor plans for some of the routers of k, with other records.
func (k *Keeper) planFor(ctx context.Context, recorded map[string][]Pair, includes func(router string) bool) (*Keeper, *platform.Plan, error) {
	part := &Keeper{Adapter: k.with(recorded), store: k.store}
	need := slices.DeleteFunc(slices.Clone(k.need), func(at platform.Attachment) bool { return !includes(at.Router) })
	plan, err := part.Plan(ctx, need)
	return part, plan, err
}

// apply carries plan out, and notes in r what became of it.
func (k *Keeper) apply(ctx context.Context, plan *platform.Plan, r *Result, done func(platform.Change, error)) {
	err := k.Adapter.Apply(ctx, plan, func(c platform.Change, err error) {
		done(c, err)
		r.targets[c.ID] = c.Target
		if isRefused(err) && len(c.Routers) > 1 {
			r.refused = append(r.refused, c)
		}
		for _, router := range c.Routers {
			r.Changed[router] = true
			if err != nil {
				r.Failed[router] = fmt.Errorf("%s: %w", c.Target, err)
			}
		}
	})
	if err == nil || len(r.Failed) > 0 || ctx.Err() != nil {
		return
	}
	// It could not be read back what was written, so none of it is sure.
	for _, c := range plan.Changes {
		for _, router := range c.Routers {
			r.Failed[router] = err
		}
	}
}

// isRefused reports whether a write failed for what was in it.
func isRefused(err error) bool {
	var status gophercloud.ErrUnexpectedResponseCode
	return errors.As(err, &status) && (status.Actual == http.StatusBadRequest || status.Actual == http.StatusConflict)
}

// separate does one router at a time what a port refused for several together: the fault of one must not hold up the
// others.
func (k *Keeper) separate(ctx context.Context, r *Result, done func(platform.Change, error)) error {
	var routers []string
	for _, c := range r.refused {
		routers = append(routers, c.Routers...)
	}
	slices.Sort(routers)
	for _, router := range slices.Compact(routers) {
		alone, plan, err := k.planFor(ctx, map[string][]Pair{router: r.Recorded[router]}, func(other string) bool { return other == router })
		if err != nil {
			return err
		}
		if k.needsRemoved(plan, router) {
			continue
		}
		delete(r.Failed, router)
		r.Changed[router] = true
		alone.apply(ctx, plan, r, done)
		r.Recorded[router] = alone.recorded()[router]
	}
	return nil
}

// needsRemoved reports whether plan, made for router alone, removes what another router needs.
func (k *Keeper) needsRemoved(plan *platform.Plan, router string) bool {
	return slices.ContainsFunc(k.need, func(at platform.Attachment) bool {
		pair := Pair{IP: at.IP.Addr().String(), MAC: at.MAC}.canonical()
		return at.Router != router && slices.ContainsFunc(plan.Changes, func(c platform.Change) bool { return removes(c, pair) })
	})
}

// removes reports whether c takes pair away from its port, or from any where pair names none.
func removes(c platform.Change, pair Pair) bool {
	d, err := deltaOf(c)
	return err == nil && c.Field == pairsField && (pair.Port == "" || pair.Port == c.ID) && keys(d.remove, "")[Pair{IP: pair.IP, MAC: pair.MAC}]
}

// trim leaves out of the records what does not stand: a process that was killed had recorded it ahead, or had removed
// it and not got to say so. A router in step has one pair, so only those with more are looked at.
func (k *Keeper) trim(ctx context.Context, r *Result) error {
	doubtful := maps.Clone(r.Recorded)
	maps.DeleteFunc(doubtful, func(router string, pairs []Pair) bool { return len(pairs) < 2 || r.Failed[router] != nil })
	if len(doubtful) == 0 {
		return nil
	}
	w := newWorld(k.cloud)
	if err := w.readRecorded(ctx, doubtful); err != nil {
		return err
	}
	for router, pairs := range doubtful {
		r.Recorded[router] = slices.DeleteFunc(slices.Clone(pairs), func(p Pair) bool {
			port := w.ports[p.Port]
			return port == nil || !keys(port.Pairs, port.MAC)[Pair{IP: p.IP, MAC: p.MAC}.canonical()]
		})
	}
	return nil
}
