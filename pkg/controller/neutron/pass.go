package neutron

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// attempt is a plan with the state that it was made for.
type attempt struct {
	*state
	keeper *openstack.Keeper
	plan   *platform.Plan
}

// Pass brings Neutron in step once.
func (w *work) Pass(ctx context.Context, all bool) (err error) {
	defer func() { w.Metrics.Passed(ctx, err) }()
	fresh, err := w.readRecords(ctx, all)
	if err != nil {
		return err
	}
	news := w.takeNews()
	s, bad := w.stateOf(w.Snapshot())
	w.notePlaces(s, news)
	left := w.inherit(s)
	// What is recorded is news too, of which nothing follows.
	if !all && len(left) == 0 && s.same(w.done) && !w.isDue() {
		return nil
	}
	w.done = nil
	a, err := w.plan(ctx, s)
	if err != nil {
		return err
	}
	if a.keeper.Writes(a.plan) || a.isDoubtful() || len(left) > 0 {
		// What is remembered may be old: a pod may have come back, or a router too.
		if a, bad, left, err = w.confirm(ctx, a, fresh); err != nil {
			return err
		}
	}
	result, err := a.keeper.CarryOut(ctx, a.plan, w.countChange)
	if err != nil {
		return w.cloudTrouble(ctx, err)
	}
	for range result.Unrecorded {
		w.Metrics.Errors.WithLabelValues("record").Inc()
	}
	w.conclude(a.state, result, bad, w.takeBack(ctx, a, result, left))
	return nil
}

// readRecords reads what is recorded, at first and whenever all is compared; fresh reports whether it did. What was read
// before will do for a pass that writes nothing.
func (w *work) readRecords(ctx context.Context, all bool) (fresh bool, err error) {
	if w.read && !all {
		return false, nil
	}
	if err := w.Records.Read(ctx); err != nil {
		if ctx.Err() == nil {
			w.Troubles.Say("records", err)
		}
		return false, err
	}
	w.Troubles.Over("records")
	w.read = true
	return true, nil
}

// countChange counts a change that failed.
func (w *work) countChange(_ platform.Change, err error) {
	if err != nil {
		w.Metrics.Errors.WithLabelValues("change").Inc()
	}
}

// plan asks Neutron what s lacks.
func (w *work) plan(ctx context.Context, s *state) (*attempt, error) {
	if w.cloud == nil {
		cloud, err := w.Connect(ctx, w.countRequest)
		if err != nil {
			return nil, w.cloudTrouble(ctx, err)
		}
		w.cloud = cloud
		w.Log.Info("logged in", "where", cloud.Where())
	}
	keeper, err := openstack.NewKeeper(w.cloud, openstack.Options{
		Concurrency: w.Concurrency, MaxPairs: w.MaxPairs, Prune: true, Recorded: s.recorded, Nodes: s.nodes,
	}, w.Records)
	if err != nil {
		return nil, fmt.Errorf("preparing the plan: %w", err)
	}
	plan, err := keeper.Plan(ctx, s.need)
	if err != nil {
		return nil, w.cloudTrouble(ctx, err)
	}
	w.Troubles.Over("cloud")
	return &attempt{s, keeper, plan}, nil
}

// cloudTrouble notes that the cloud does not do as asked. The next try logs in again, perhaps with other credentials.
func (w *work) cloudTrouble(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		w.cloud = nil
		w.Troubles.Say("cloud", err)
	}
	return err
}

// isDoubtful reports whether a router is to be called out of step. After the API server was away one watch may be back
// before the other, so that a pair looks like one that nobody recorded.
func (a *attempt) isDoubtful() bool {
	return slices.ContainsFunc(a.plan.Permissions, func(p platform.Permission) bool { return p.Allowed != platform.Yes })
}

// confirm asks the API server itself whether all is as a was planned for, and plans again where it is not. Without an
// answer nothing is done. fresh tells that this pass has read the records.
func (w *work) confirm(ctx context.Context, a *attempt, fresh bool) (*attempt, map[string]error, map[string][]openstack.Pair, error) {
	// The records first: a router is there before anything is recorded of it.
	if !fresh {
		if err := w.Records.Read(ctx); err != nil {
			return nil, nil, nil, err
		}
	}
	live, unreadable, err := w.Live(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	s, bad := w.stateOf(live, unreadable)
	left := w.inherit(s)
	if s.same(a.state) && s.sameRecords(a.state) {
		return &attempt{s, a.keeper, a.plan}, bad, left, nil
	}
	a, err = w.plan(ctx, s)
	return a, bad, left, err
}

// isDue reports whether a router is to be tried again. The queue holds a key once, with the earliest of its times, so
// each that is to come is asked for again.
func (w *work) isDue() bool {
	for router, when := range w.due {
		if !time.Now().Before(when) {
			return true
		}
		w.AddAfter(router, time.Until(when))
	}
	return false
}

// retry has the routers of late tried again, each after a pause of its own. A pass that came before a router's time, for the
// sake of others, makes its pause no longer.
func (w *work) retry(s *state, late map[string]bool) {
	for router := range s.routers {
		if !late[router] {
			w.limiter.Forget(router)
		}
	}
	before := w.due
	w.due = map[string]time.Time{}
	for router := range late {
		when, waits := before[router]
		if !waits || !time.Now().Before(when) {
			when = time.Now().Add(w.limiter.When(router))
		}
		w.due[router] = when
		w.AddAfter(router, time.Until(when))
	}
}
