package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// serviceObject renders a Service once its owner is known.
func serviceObject(r *nov1.EgressRouter, options render.ServiceOptions) apply.Object {
	return func(owner types.UID) (*unstructured.Unstructured, error) {
		options.Owner = owner
		return render.Service(r, options)
	}
}

// outcome is what became of one job.
type outcome struct {
	applied []apply.Applied
	// findings are those that err stands for.
	findings []finding.Finding
	err      error
	// shown is how many of applied were shown, told whether err was.
	shown int
	told  bool
}

// applyAll applies the jobs, some at a time, and then sees them through: in between it looks once, for all of them,
// whether another router came into their namespaces. What became of them is shown in the order of the input; one failure
// does not stop the others.
func (o *createOptions) applyAll(ctx context.Context, client *cluster.Client, jobs []job) error {
	applier, err := apply.New(ctx, client, o.routers, o.provisioner, o.expose, o.apply)
	if err != nil {
		return err
	}
	progress := o.newProgress(len(jobs), "applying routers", !o.noProgress && o.print.lines() && isTerminal(o.Out))
	outcomes := make([]outcome, len(jobs))
	err = inOrder(len(jobs), o.workers, func(i int) {
		outcomes[i] = o.applyOne(ctx, applier, jobs[i])
	}, func(i int) error {
		if !o.wait {
			progress.step()
		}
		if len(jobs) == 1 {
			return nil // shown when all is done
		}
		return o.show(ctx, progress, jobs[i], &outcomes[i], len(jobs))
	})
	if err != nil {
		return err
	}
	late := o.findLate(ctx, client, outcomes)
	t := tally{done: map[apply.Result]int{}}
	err = inOrder(len(jobs), o.workers, func(i int) {
		o.conduct(ctx, client, applier, jobs[i], &outcomes[i], late)
	}, func(i int) error {
		if o.wait {
			progress.step()
		}
		t.add(ctx, outcomes[i])
		return o.show(ctx, progress, jobs[i], &outcomes[i], len(jobs))
	})
	if err != nil {
		return err
	}
	progress.end()
	var found error
	if o.wait && o.dryRun == dryRunNone && t.waited > 0 && ctx.Err() == nil {
		found = o.review(ctx, client, jobs)
	}
	if err := o.conclude(ctx, t, len(jobs)); err != nil {
		return err
	}
	return found
}

// inOrder does n pieces of work, some at a time; done is told of each in order, and its error ends that.
func inOrder(n, workers int, do func(i int), done func(i int) error) error {
	ended := make([]chan struct{}, n)
	for i := range ended {
		ended[i] = make(chan struct{})
	}
	var group errgroup.Group
	group.SetLimit(workers)
	go func() {
		for i := range n {
			group.Go(func() error {
				defer close(ended[i])
				do(i)
				return nil
			})
		}
	}()
	for i := range n {
		<-ended[i]
		if err := done(i); err != nil {
			return err
		}
	}
	return nil
}

// show says what became of a job and was not said yet: one line per object, unless a bar takes their place. Of several
// routers the failed ones are named at once; of one, the error ends the command.
func (o *createOptions) show(ctx context.Context, progress *progress, j job, result *outcome, jobs int) error {
	if !progress.shown {
		if err := o.print.applied(result.applied[result.shown:]); err != nil {
			return err
		}
	}
	result.shown = len(result.applied)
	if result.told || result.err == nil {
		return nil
	}
	result.told = true
	progress.clear()
	if len(result.findings) > 0 {
		if err := o.table(result.findings); err != nil {
			return err
		}
	}
	if jobs > 1 && ctx.Err() == nil {
		o.note("error: router %s: %v", egress.Key(j.router), result.err)
	}
	return nil
}

// tally counts what became of the routers.
type tally struct {
	done              map[apply.Result]int
	failed, unreached int
	// waited is how many were waited for, whether or not that ended well.
	waited int
	first  error
}

func (t *tally) add(ctx context.Context, result outcome) {
	if _, late := errors.AsType[*apply.TimeoutError](result.err); late || result.err == nil {
		t.waited++
	}
	if result.err != nil {
		if ctx.Err() != nil {
			t.unreached++
		} else {
			t.failed++
		}
		t.first = cmp.Or(t.first, result.err)
		return
	}
	best := apply.Unchanged
	for _, applied := range result.applied {
		if applied.Result == apply.Created || best == apply.Unchanged {
			best = applied.Result
		}
	}
	t.done[best]++
}

// conclude ends the command: for one router with its error, for several with a summary.
func (o *createOptions) conclude(ctx context.Context, t tally, jobs int) error {
	if jobs == 1 {
		return t.first
	}
	unreached := ""
	if t.unreached > 0 {
		unreached = fmt.Sprintf(", %d not done", t.unreached)
	}
	o.note("%d routers: %d created, %d configured, %d unchanged, %d failed%s%s", jobs,
		t.done[apply.Created], t.done[apply.Configured], t.done[apply.Unchanged], t.failed, unreached, o.dryRun.suffix())
	if t.first == nil {
		return nil
	}
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), t.first)
	}
	return &exitError{code: o.code(t.first)}
}

// applyOne applies one router.
func (o *createOptions) applyOne(ctx context.Context, applier *apply.Applier, j job) outcome {
	if ctx.Err() != nil {
		return outcome{err: ctx.Err()}
	}
	if err := applier.RefuseOther(ctx, j.router, o.provisioner); err != nil {
		return outcome{err: err}
	}
	applied, err := applier.Router(ctx, apply.Request{Router: j.router, Objects: j.objects})
	return outcome{applied: applied, err: err}
}
