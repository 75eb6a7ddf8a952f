package controller

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/gophercloud/gophercloud/v2"
	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// recordsInFlight is how many routers are recorded on at a time.
const recordsInFlight = 16

// outcome is what became of a job.
type outcome struct {
	*job
	// unrecorded are the routers whose record could not be written, for which nothing was done.
	unrecorded map[string]error
	// failed and changed are the routers of changes that did not stand, and of those that all did.
	failed  map[string]error
	changed map[string]bool
	// before and after are the pairs recorded, by router.
	before, after map[string][]openstack.Pair
	// targets name the ports that were written.
	targets map[string]string
	shared  []platform.Change
}

// carryOut records, writes and records what stands.
func (s *neutron) carryOut(ctx context.Context, j *job) (*outcome, error) {
	o := &outcome{job: j, unrecorded: map[string]error{}, failed: map[string]error{}, changed: map[string]bool{},
		before: j.recorded, targets: map[string]string{}}
	if err := s.recordAhead(ctx, o); err != nil {
		return nil, err
	}
	s.apply(ctx, o.adapter, o.plan, o)
	o.after = o.adapter.Standing()
	if err := s.separate(ctx, o); err != nil {
		return nil, err
	}
	if err := s.trim(ctx, o); err != nil {
		return nil, err
	}
	maps.Copy(o.unrecorded, s.record(ctx, o.view, o.after))
	for router := range o.failed {
		delete(o.changed, router)
	}
	return o, ctx.Err()
}

// recordAhead notes on the routers what will be written for them, so that no crash leaves a pair that nobody knows of.
// Routers that this fails for are planned without.
func (s *neutron) recordAhead(ctx context.Context, o *outcome) error {
	for {
		ahead, err := o.adapter.Records(o.plan)
		if err != nil {
			return fmt.Errorf("writing the records: %w", err)
		}
		unrecorded := s.record(ctx, o.view, ahead)
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(unrecorded) == 0 {
			return nil
		}
		// Each round leaves a router out, so this ends.
		maps.Copy(o.unrecorded, unrecorded)
		if o.job, err = s.plan(ctx, o.without(unrecorded)); err != nil {
			return err
		}
	}
}

// record writes the records that differ from those that stand. Its errors are by router.
func (s *neutron) record(ctx context.Context, v *view, pairs map[string][]openstack.Pair) map[string]error {
	failed := map[string]error{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(recordsInFlight)
	for router, own := range pairs {
		if !s.differs(v, router, own) {
			continue
		}
		group.Go(func() error {
			if err := s.recordOne(ctx, v, router, own); err != nil {
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

// differs reports whether a record must be written.
func (s *neutron) differs(v *view, router string, pairs []openstack.Pair) bool {
	r, ok := v.routers[router]
	if !ok {
		return false
	}
	value, err := openstack.Encode(pairs)
	return err != nil || value != s.recordOf(r)
}

func (s *neutron) recordOne(ctx context.Context, v *view, router string, pairs []openstack.Pair) error {
	r := v.routers[router]
	value, err := openstack.Encode(pairs)
	if err != nil {
		return err
	}
	r.Annotations = map[string]string{egress.AnnotationOpenStack: s.recordOf(r)}
	if err := s.Client.Record(ctx, r, egress.AnnotationOpenStack, value); err != nil {
		s.metrics.errors.WithLabelValues("record").Inc()
		return err
	}
	s.remember(r.UID, value)
	return nil
}

// apply carries plan out, and notes in o what became of it.
func (s *neutron) apply(ctx context.Context, adapter *openstack.Adapter, plan *platform.Plan, o *outcome) {
	err := adapter.Apply(ctx, plan, func(c platform.Change, err error) {
		o.targets[c.ID] = c.Target
		if err != nil {
			s.metrics.errors.WithLabelValues("change").Inc()
		}
		if err != nil && refused(err) && len(c.Routers) > 1 {
			o.shared = append(o.shared, c)
		}
		for _, router := range c.Routers {
			o.changed[router] = true
			if err != nil {
				o.failed[router] = fmt.Errorf("%s: %w", c.Target, err)
			}
		}
	})
	if err == nil || len(o.failed) > 0 || ctx.Err() != nil {
		return
	}
	// It could not be read back what was written, so none of it is sure.
	for _, c := range plan.Changes {
		for _, router := range c.Routers {
			o.failed[router] = err
		}
	}
}

// refused reports whether a write failed for what was in it.
func refused(err error) bool {
	var status gophercloud.ErrUnexpectedResponseCode
	return errors.As(err, &status) && (status.Actual == http.StatusBadRequest || status.Actual == http.StatusConflict)
}

// separate does one router at a time what a port refused for several together: the fault of one must not hold up the
// others.
func (s *neutron) separate(ctx context.Context, o *outcome) error {
	var routers []string
	for _, c := range o.shared {
		routers = append(routers, c.Routers...)
	}
	slices.Sort(routers)
	for _, router := range slices.Compact(routers) {
		part := o.of(router)
		part.recorded = map[string][]openstack.Pair{router: o.after[router]}
		j, err := s.plan(ctx, part)
		if err != nil {
			return err
		}
		if o.needed(router, j.plan) {
			continue
		}
		delete(o.failed, router)
		o.changed[router] = true
		s.apply(ctx, j.adapter, j.plan, o)
		o.after[router] = j.adapter.Standing()[router]
	}
	return nil
}

// trim leaves out of the records what does not stand: a process that was killed had recorded it ahead, or had removed
// it and not got to say so. A router in step has one pair, so only those with more are looked at.
func (s *neutron) trim(ctx context.Context, o *outcome) error {
	doubtful := map[string][]openstack.Pair{}
	for router, pairs := range o.after {
		if _, there := o.routers[router]; there && len(pairs) > 1 && o.failed[router] == nil {
			doubtful[router] = pairs
		}
	}
	if len(doubtful) == 0 {
		return nil
	}
	adapter, err := openstack.New(s.cloud, openstack.Options{Recorded: doubtful})
	if err != nil {
		return fmt.Errorf("preparing to look at records: %w", err)
	}
	// What it would take to remove them all names those that stand. It is not carried out.
	plan, err := adapter.PlanRevoke(ctx, doubtful)
	if err != nil {
		return s.cloudTrouble(ctx, err)
	}
	stands := func(pair openstack.Pair) bool {
		return slices.ContainsFunc(plan.Changes, func(c platform.Change) bool {
			return c.ID == pair.Port && slices.ContainsFunc(removedBy(c), func(l listed) bool { return l.is(pair.IP, pair.MAC) })
		})
	}
	for router, pairs := range doubtful {
		o.after[router] = slices.DeleteFunc(slices.Clone(pairs), func(p openstack.Pair) bool { return !stands(p) })
	}
	return nil
}

// needed reports whether plan, made for router alone, takes away what another router needs.
func (o *outcome) needed(router string, plan *platform.Plan) bool {
	for _, c := range plan.Changes {
		for _, pair := range removedBy(c) {
			for _, at := range o.need {
				if at.Router != router && pair.is(at.IP.Addr().String(), at.MAC) {
					return true
				}
			}
		}
	}
	return false
}
