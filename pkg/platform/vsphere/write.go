package vsphere

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

var errCloses = errors.New("a plan only opens settings: take them back with a revert")

// writeOne makes one change. Where a version guards the target and another was faster, it is read again, and
// what is then still wanted is set in what the other wrote.
func (a *Adapter) writeOne(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: not begun: %w", j.change.Target, err)
	}
	j.v.log("%s: writing", j.change.Target)
	backoff := wait.Backoff{Duration: 50 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 6}
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(ctx context.Context) (bool, error) {
		last = a.attempt(ctx, j)
		if fault.Is(last, &types.ConcurrentAccess{}) {
			j.v.log("%s: changed by another in the meantime: reading it again", j.change.Target)
			return false, nil
		}
		return true, last
	})
	if fault.Is(last, &types.ConcurrentAccess{}) {
		return fmt.Errorf("%s: others keep changing it, so nothing was written: try again when they have done", j.change.Target)
	}
	return err
}

// attempt reads the target, and writes what is wanted into what was read.
func (a *Adapter) attempt(ctx context.Context, j *job) error {
	var task *object.Task
	sent := false
	err := j.v.do(ctx, func(ctx context.Context, s *login) error {
		inv, err := j.v.targets(ctx, s, j)
		if err != nil {
			return err
		}
		now, err := inv.state(j.target)
		if err != nil {
			return err
		}
		if j.written, err = a.edit(j, now); err != nil || j.written == nil {
			return err
		}
		j.change.Version, sent = j.written.version, true
		task, err = now.send(ctx, s, j.written)
		return err
	})
	if err == nil && task != nil { // the task outlives the session that began it
		err = j.v.do(ctx, func(ctx context.Context, s *login) error {
			return object.NewTask(s.client, task.Reference()).Wait(ctx)
		})
	}
	return j.failure(err, sent)
}

// edit is what to write of a target; nil where nothing needs to be.
func (a *Adapter) edit(j *job, now state) (*edit, error) {
	if j.revert {
		return now.restore(j.change)
	}
	asked, err := askedFor(j.change)
	if err != nil {
		return nil, err
	}
	effective := now.effective()
	o := now.open(collect.Filter(asked, func(f field) bool { return !effective.accepts(f) && !a.options.replaced(f, effective) }))
	if len(o.fields) > 0 {
		return &o.edit, o.set(&j.change)
	}
	if j.target.kind != isDVPG { // another did it in the meantime
		o = now.open(asked)
	}
	o.after = o.before
	return nil, o.set(&j.change)
}

// askedFor are the settings that a change makes its target accept.
func askedFor(c platform.Change) ([]field, error) {
	was, is, err := policiesIn(c)
	var out []field
	for _, f := range allFields() {
		switch {
		case is.accepts(f) && !was.accepts(f):
			out = append(out, f)
		case was.accepts(f) && !is.accepts(f):
			return nil, fmt.Errorf("%s: %w", c.Target, errCloses)
		}
	}
	return out, err
}

// replaced reports whether another of the two ways to have frames delivered has been opened in the meantime.
func (o Options) replaced(f field, p policy) bool {
	return o.Require == RequireMinimal && (f == promiscuous && p.accepts(learning) || f == learning && p.accepts(promiscuous))
}

// moved is ErrMoved, with what is there now.
func moved(c platform.Change, now any) error {
	b, err := encode(now)
	if err != nil {
		return errors.Join(platform.ErrMoved, err)
	}
	return fmt.Errorf("%s: %w: it is %s, and %s was written: put it back by hand if that is still wanted", c.Target, platform.ErrMoved, b, c.After)
}

// failure says what kept a change from being made, where, and the privilege for it. One whose answer never
// came may have been made: reading back will tell.
func (j *job) failure(err error, sent bool) error {
	denied := permission(err)
	switch {
	case err == nil:
		return nil
	case denied != nil:
		privilege := privilegeOf(denied)
		if denied.PrivilegeId == "" && len(denied.MissingPrivileges) == 0 {
			privilege = j.target.privilege()
		}
		return &finding.ExplainedError{Text: fmt.Sprintf("%s: %s has no privilege %s there: ask an administrator for it, or hand over what -o commands prints",
			j.change.Target, j.v.credentials.Username, privilege), Cause: err}
	case slices.ContainsFunc(unreachableHost(), func(f types.BaseMethodFault) bool { return fault.Is(err, f) }):
		return &finding.ExplainedError{Text: j.change.Target + ": vCenter cannot reach the host: bring it back, and run this again", Cause: err}
	case sent && !hasFault(err) && !errors.Is(err, errUnreadable):
		j.doubt = fmt.Errorf("%s: vCenter gave no answer, and it is not written: %w", j.change.Target, err)
		return nil
	}
	return fmt.Errorf("%s: %w", j.change.Target, err)
}

// unreachableHost are the faults where vCenter has lost touch with a host.
func unreachableHost() []types.BaseMethodFault {
	return []types.BaseMethodFault{&types.HostNotConnected{}, &types.HostNotReachable{}, &types.HostCommunication{}, &types.CannotAccessNetwork{}}
}
