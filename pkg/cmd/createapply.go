package cmd

import (
	"context"
	"errors"
	"fmt"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// serviceObject renders a Service once its owner is known.
func serviceObject(r *nov1.EgressRouter, options render.ServiceOptions) cluster.Object {
	return func(owner types.UID) (*unstructured.Unstructured, error) {
		options.Owner = owner
		return render.Service(r, options)
	}
}

// outcome is what became of one job.
type outcome struct {
	applied []cluster.Applied
	err     error
}

// applyAll applies the jobs, some at a time. What became of them is printed in the order of the input; one
// failure does not stop the others.
func (o *createOptions) applyAll(ctx context.Context, client *cluster.Client, jobs []job) error {
	outcomes := make([]chan outcome, len(jobs))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	var group errgroup.Group
	group.SetLimit(o.workers)
	go func() {
		for i, j := range jobs {
			group.Go(func() error {
				outcomes[i] <- o.applyOne(ctx, client, j)
				return nil
			})
		}
	}()
	var failed []error
	for i, j := range jobs {
		result := <-outcomes[i]
		for _, applied := range result.applied {
			if err := o.print.object(applied.Object, applied.Result); err != nil {
				return err
			}
		}
		if result.err != nil {
			failed = append(failed, o.named(j, result.err, len(jobs)))
		}
	}
	return o.summarize(failed, len(jobs))
}

// named says which of several routers err is about, as soon as it is known.
func (o *createOptions) named(j job, err error, jobs int) error {
	if jobs > 1 {
		o.note("error: router %s: %v", egress.Key(j.router), err)
	}
	return err
}

func (o *createOptions) summarize(failed []error, jobs int) error {
	if jobs == 1 {
		return errors.Join(failed...)
	}
	o.note("%d routers: %d done, %d failed", jobs, jobs-len(failed), len(failed))
	if len(failed) == 0 {
		return nil
	}
	return &exitError{code: o.code(failed[0])}
}

// applyOne applies one router and sees it through.
func (o *createOptions) applyOne(ctx context.Context, client *cluster.Client, j job) outcome {
	if err := client.RefuseOther(ctx, j.router, o.provisioner); err != nil {
		return outcome{err: err}
	}
	applied, err := client.ApplyRouter(ctx, cluster.Request{Router: j.router, Objects: j.objects}, o.apply)
	if err != nil || o.dryRun != dryRunNone {
		return outcome{applied, err}
	}
	target := cluster.Target{Router: j.router, Provisioner: o.provisioner, Findings: j.findings}
	if o.wait {
		return outcome{applied, o.await(ctx, client, target)}
	}
	return outcome{applied, o.refresh(ctx, client, target, applied)}
}

func (o *createOptions) await(ctx context.Context, client *cluster.Client, target cluster.Target) error {
	return client.Wait(ctx, target, o.timeout, func(reason string) {
		o.note("egress router %s: %s", egress.Key(target.Router), reason)
	})
}

// refresh sees to it, without waiting, that changed rules reach the pod of an operator's router. The NAD
// follows the EgressRouter after a while, so a router that was just changed is left to the next run.
func (o *createOptions) refresh(ctx context.Context, client *cluster.Client, target cluster.Target, applied []cluster.Applied) error {
	if o.provisioner == egress.Standalone || applied[0].Result == cluster.Created {
		return nil
	}
	if applied[0].Result == cluster.Configured {
		o.note("egress router %s: its pod runs the older rules until it is restarted: run this again, or with --wait", egress.Key(target.Router))
		return nil
	}
	restarted, err := client.Restart(ctx, target)
	if err != nil {
		return fmt.Errorf("seeing whether its pod runs the newest rules: %w", err)
	}
	if restarted {
		o.note("egress router %s: restarting its pod, so that it starts with the changed rules", egress.Key(target.Router))
	}
	return nil
}
