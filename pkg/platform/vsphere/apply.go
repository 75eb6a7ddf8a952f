package vsphere

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// verifyTimeout bounds the reading back, which goes on after an interruption: what was written must be told.
const verifyTimeout = time.Minute

// job is one change on its way.
type job struct {
	change platform.Change
	target target
	v      *vcenter
	// revert puts Before back; else the settings that After accepts are accepted.
	revert bool
	// written is what to see when reading back; nil where nothing was written.
	written *edit
	// doubt is why it is not known whether the write was made: its answer never came.
	doubt error
	over  bool
}

// Apply carries the plan out, some hosts and port groups at a time. Each target is read just before it is
// written, only the settings of the change are set in what was read, and all that was written is read back
// with one call a vCenter. What is written and cannot be seen to hold is an errUnverified.
func (a *Adapter) Apply(ctx context.Context, plan *platform.Plan, done func(platform.Change, error)) error {
	return a.carry(ctx, plan.Changes, false, done)
}

// Revert puts Before back where After still stands, as it was: inherited as inherited.
func (a *Adapter) Revert(ctx context.Context, changes []platform.Change, done func(platform.Change, error)) error {
	return a.carry(ctx, changes, true, done)
}

// carry writes, reads back, and tells done of each change once.
func (a *Adapter) carry(ctx context.Context, changes []platform.Change, revert bool, done func(platform.Change, error)) error {
	var mu sync.Mutex
	failed := 0
	end := func(j *job, err error) { // a revert is told with the change as it was given
		mu.Lock()
		defer mu.Unlock()
		j.over = true
		if err != nil {
			failed++
		}
		if done != nil {
			done(j.change, err)
		}
	}
	var jobs []*job
	for _, c := range changes {
		j, err := a.job(c, revert)
		if err != nil {
			end(j, err)
			continue
		}
		jobs = append(jobs, j)
	}
	a.write(ctx, jobs, end)
	a.verify(ctx, jobs, end)
	switch {
	case failed == 0:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%d of %d changes not made: %w", failed, len(changes), ctx.Err())
	}
	return fmt.Errorf("%d of %d changes failed: what was done stands, and running it again does the rest", failed, len(changes))
}

func (a *Adapter) job(c platform.Change, revert bool) (*job, error) {
	t, err := parseTarget(c.ID)
	j := &job{change: c, target: t, v: a.vcenter(t.vcenter), revert: revert}
	if err == nil && j.v == nil {
		err = fmt.Errorf("%s is in vCenter %s, for which there are no credentials: set GOVC_URL (--vsphere-url)", c.Target, t.vcenter)
	}
	return j, err
}

// write makes the changes: those of one host or port group one after the other, the others side by side.
func (a *Adapter) write(ctx context.Context, jobs []*job, end func(*job, error)) {
	var g errgroup.Group
	g.SetLimit(a.options.Concurrency)
	for _, alike := range collect.Groups(jobs, func(j *job) string { return j.target.site() }) {
		g.Go(func() error {
			for _, j := range alike {
				if err := a.writeOne(ctx, j); err != nil || j.written == nil {
					end(j, err)
				}
			}
			return nil
		})
	}
	_ = g.Wait() // each job's error went to end
}

// verify reads back what was written, one call a vCenter.
func (a *Adapter) verify(ctx context.Context, jobs []*job, end func(*job, error)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), verifyTimeout)
	defer cancel()
	written := collect.Filter(jobs, func(j *job) bool { return !j.over })
	for _, mine := range collect.Groups(written, func(j *job) *vcenter { return j.v }) {
		v := mine[0].v
		var now *inventory
		err := v.do(ctx, func(ctx context.Context, s *login) (err error) {
			now, err = v.targets(ctx, s, mine...)
			return err
		})
		for _, j := range mine {
			if err != nil {
				end(j, fmt.Errorf("%s: %w: %w", j.change.Target, errUnverified, err))
				continue
			}
			end(j, j.held(now))
		}
		v.log("vCenter %s: %d changes read back", v.name, len(mine))
	}
}

// held is nil where what was written is seen to hold; the change is told with the value that is seen.
func (j *job) held(now *inventory) error {
	value, err := j.readBack(now)
	switch {
	case err != nil && j.doubt != nil:
		return j.doubt
	case err != nil:
		err = fmt.Errorf("%s: %w: %w", j.change.Target, errUnverified, err)
	}
	if value != nil && !j.revert {
		j.change.After = value
	}
	return err
}

// readBack is the value that is there after the write, and why it is not what it should be.
func (j *job) readBack(now *inventory) (json.RawMessage, error) {
	s, err := now.state(j.target)
	if err != nil {
		return nil, err
	}
	value, err := encode(s.open(j.written.fields).before)
	if err != nil {
		return nil, err
	}
	it, on := "it", ""
	if h := now.hosts[j.target.ref]; h != nil {
		it, on = "host "+h.name, "on host "+h.name+" "
	}
	if !s.holds(j.written) {
		return value, fmt.Errorf("%s holds %s", it, value)
	}
	effective := s.effective()
	if i := slices.IndexFunc(j.written.fields, func(f field) bool { return !effective.accepts(f) }); !j.revert && i >= 0 {
		return value, fmt.Errorf("%s%s still rejected", on, j.written.fields[i].words().withVerb)
	}
	return value, nil
}
