package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// target is j as it is waited for. What becomes of the operator's Deployment is added to applied.
func (o *createOptions) target(j job, applied *[]apply.Applied) apply.Target {
	t := apply.Target{Router: apply.RouterOf(j.router, o.provisioner, *applied), Caller: o.caller(), Restart: o.restart}
	if j.part != nil {
		t.Part = &apply.Part{Object: j.part, Options: o.apply, Done: func(a apply.Applied) { *applied = append(*applied, a) }}
	}
	return t
}

// dryPart asks the server what would become of the operator's Deployment.
func (o *createOptions) dryPart(ctx context.Context, applier *apply.Applier, target apply.Target, applied *[]apply.Applied) error {
	if o.dryRun != dryRunServer || target.Part == nil {
		return nil
	}
	before := len(*applied)
	if routerApplied(*applied).Result != apply.Created {
		if err := applier.DryPart(ctx, target); err != nil {
			return fmt.Errorf("seeing what would become of its Deployment: %w", err)
		}
	}
	if len(*applied) == before {
		o.notePart(target)
	}
	return nil
}

// notePart says that what was asked for on the operator's Deployment is not set yet.
func (o *createOptions) notePart(t apply.Target) {
	if len(o.partSet) > 0 {
		o.note("egress router %s: %s: to be set on deployment.apps/%s once the operator has made that: run this again then, or with --wait",
			egress.Key(&t.Router.EgressRouter), strings.Join(o.partSet, ", "), egress.OperatorDeployment)
	}
}

// routerApplied is what became of the router's EgressRouter.
func routerApplied(applied []apply.Applied) apply.Applied {
	for _, a := range applied {
		if a.Object.GetKind() == egress.Kind.Kind {
			return a
		}
	}
	return apply.Applied{}
}

// review shows what the judge finds about the routers when the wait for them has ended, well or not: it reads what
// preflight reads. It ends with the findings' exit code.
func (o *createOptions) review(ctx context.Context, client *cluster.Client, jobs []job) error {
	namespace := ""
	if names := namespacesOf(o.routers); len(names) == 1 {
		namespace = names[0]
	}
	s, err := read.Snapshot(ctx, client, read.Options{Namespace: namespace, Wide: true, Checks: true})
	if err != nil {
		return fmt.Errorf("looking at what became of it: %w", err)
	}
	judged := check.Judge(s, check.Options{Caller: o.caller(), Only: o.names})
	if err := unread(o.factory, s); err != nil {
		o.note("%v", err)
	}
	var shown []finding.Finding
	up := false
	for _, r := range s.Routers {
		if !o.names(r.Namespace, r.Name) || r.Provisioner != o.provisioner {
			continue
		}
		p := judged.Progress(r)
		up = up || p.Stage == check.StageServing
		for _, f := range judged.On(r) {
			if f.Level != finding.Info || slices.ContainsFunc(p.Findings, f.Is) {
				shown = append(shown, f)
			}
		}
	}
	for _, f := range finding.AtLeast(judged.Findings, finding.Error) {
		if !strings.Contains(f.Object, "/") && f.Code != finding.Forbidden {
			shown = append(shown, f)
		}
	}
	on, dropping := o.platforms.row(platform.Detect(s, o.platforms.known()))
	return o.tell(shown, up && dropping, on, jobs)
}

// tell shows findings, and which command asks the platform where that is one that drops frames by their MAC.
func (o *createOptions) tell(shown []finding.Finding, ask bool, on platformRow, jobs []job) error {
	if len(shown) > 0 {
		if err := o.table(shown); err != nil {
			return err
		}
	}
	if ask {
		of := "-A"
		if len(jobs) == 1 {
			of = fmt.Sprintf("%s -n %s", jobs[0].router.Name, jobs[0].router.Namespace)
		}
		o.note("whether %s allows the frames was not checked: %s preflight %s %s", on.Title, o.name, on.Name, of)
	}
	return findingOptions{failOn: o.failOn}.exit(finding.Summarize(shown), exitErrors)
}

// conduct sees a router through that was applied, unless another takes its place.
func (o *createOptions) conduct(ctx context.Context, client *cluster.Client, applier *apply.Applier, j job, result *outcome, late latecomers) {
	if result.err != nil {
		return
	}
	if result.findings, result.err = o.beside(j.router, late); result.err != nil {
		return
	}
	target := o.target(j, &result.applied)
	switch {
	case o.dryRun != dryRunNone:
		result.err = o.dryPart(ctx, applier, target, &result.applied)
	case o.wait:
		result.err = apply.Wait(ctx, client, target, o.timeout, func(reason string) {
			o.note("egress router %s: %s", egress.Key(j.router), reason)
		})
	default:
		result.err = o.refresh(ctx, applier, target, &result.applied)
	}
}

// refresh sees to it, without waiting, that changed rules reach the pod of an operator's router, or of any with --restart,
// and that an operator's Deployment has what was asked for. NAD and Deployment follow the EgressRouter after a while, so a router
// whose spec was just made or changed is left to the next run.
func (o *createOptions) refresh(ctx context.Context, applier *apply.Applier, target apply.Target, applied *[]apply.Applied) error {
	if o.provisioner == egress.Standalone && !o.restart {
		return nil // its Deployment's template changes with the rules
	}
	switch router := routerApplied(*applied); {
	case router.Result == apply.Created:
		o.notePart(target)
		return nil
	case router.Respecified:
		o.notePart(target)
		o.note("egress router %s: its pod runs the older rules until it is restarted: run this again, or with --wait", egress.Key(&target.Router.EgressRouter))
		return nil
	}
	before := len(*applied)
	restarted, err := applier.Restart(ctx, target)
	if err != nil {
		return fmt.Errorf("bringing its Deployment up to date: %w", err)
	}
	if len(*applied) == before && target.Part != nil {
		o.notePart(target)
	}
	if restarted {
		o.note("egress router %s: restarting its pod, so that it starts with the changed rules", egress.Key(&target.Router.EgressRouter))
	}
	return nil
}
