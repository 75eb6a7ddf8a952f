package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

// newPlatformCommand makes "preflight NAME" of one platform.
func newPlatformCommand(f *factory, on platformRow) *cobra.Command {
	own := on.preflight()
	p := &platformFlags{preflightFlags: newPreflightFlags()}
	cmd := own.command(f.name)
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { p.described = append(p.described, flag) })
	cmd.Use = on.Name + " [NAME...]"
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), f, on, own, args) }
	cmd.ValidArgsFunction = f.completeRouters(anyNumber)
	p.add(cmd, on.service)
	p.described = append(p.described, cmd.Flags().Lookup("address"), cmd.Flags().Lookup("node"))
	return cmd
}

func (p *platformFlags) run(ctx context.Context, f *factory, on platformRow, own platformPreflight, args []string) error {
	o, err := p.complete(f, on, args)
	if err != nil {
		return invalid(err)
	}
	ready, err := own.prepare(ctx, o)
	if err != nil {
		return err
	}
	if o.revert != "" {
		return o.putBack(ctx, ready)
	}
	l, err := o.lookFlags.read(ctx, f, args)
	if err != nil {
		return err
	}
	return o.visit(ctx, ready, l, func(o *onPlatform) error {
		o.readGrants(ctx)
		return o.run(ctx)
	})
}

// visit has do work on the platform for what l shows.
func (o *platformOptions) visit(ctx context.Context, ready *preparation, l *look, do func(*onPlatform) error) error {
	need, err := o.attachments(l, ready)
	if err != nil {
		return err
	}
	return o.connected(ctx, ready, l, func(adapter platform.Adapter) error {
		return do(&onPlatform{platformOptions: o, look: l, need: need, adapter: adapter})
	})
}

// connected has do work with the adapter, and logs out after it, also where it was interrupted.
func (o *platformOptions) connected(ctx context.Context, ready *preparation, l *look, do func(platform.Adapter) error) (err error) {
	adapter, err := ready.connect(ctx, l)
	if err != nil {
		return err
	}
	defer func() {
		if closed := adapter.Close(context.WithoutCancel(ctx)); closed != nil {
			err = errors.Join(err, fmt.Errorf("logging out of %s: %w", o.on.service, closed))
		}
	}()
	return do(adapter)
}

// onPlatform is one run of a platform verb: what was seen of the cluster, what must be let through, and the
// adapter of the platform.
type onPlatform struct {
	*platformOptions
	look    *look
	need    []platform.Attachment
	adapter platform.Adapter
	// unknownGrants is why it is not known what is granted; nil where it is.
	unknownGrants error
}

// run plans; with --fix it also changes, and looks again.
func (o *onPlatform) run(ctx context.Context) error {
	if o.fix {
		return o.changeFor(ctx)
	}
	plan, err := o.adapter.Plan(ctx, o.need)
	if err != nil {
		return err
	}
	return o.show(plan)
}

// changeFor changes what the plan for the routers that may have it says, and looks again at all.
func (o *onPlatform) changeFor(ctx context.Context) error {
	t, err := o.trust()
	if err != nil {
		return err
	}
	plan, err := o.settle(ctx, t)
	if err != nil {
		return err
	}
	var failed error
	if len(plan.Changes) > 0 {
		if failed = o.carryOut(ctx, plan); failed != nil && ctx.Err() != nil {
			return failed
		}
	} else {
		o.note("nothing to change (%s)", plan.Where)
	}
	if len(plan.Changes) > 0 || t.leavesOut() {
		if plan, err = o.adapter.Plan(ctx, o.need); err != nil {
			return errors.Join(failed, fmt.Errorf("reading back what was changed: %w", err))
		}
	}
	return cmp.Or(failed, o.show(plan), t.refused())
}

// show reports the plan with the findings of specs, cluster and platform, or its commands alone.
func (o *onPlatform) show(plan *platform.Plan) error {
	if o.commands {
		return report.Commands(o.Out, plan)
	}
	// A table and a page show the plan's notes themselves.
	if !slices.Contains([]string{"table", "markdown"}, o.findingOptions.output) {
		for _, note := range plan.Notes {
			o.note("%s", note)
		}
	}
	found, matrix := o.findings(plan)
	return o.report(o.factory, found, plan, matrix, exitErrors)
}

// findings are those of the platform, and of the routers' specs and the cluster where there are routers.
func (o *onPlatform) findings(plan *platform.Plan) ([]finding.Finding, *check.Matrix) {
	if o.byHand.IsValid() {
		return plan.Findings, nil
	}
	judged := o.look.judge(o.checks)
	// What the platform refuses has codes of its own; the matrix shows it beside the rest.
	matrix := judged.Matrix.With(plan.Permissions)
	found := append(judged.Findings, plan.Findings...)
	finding.Sort(found)
	return found, &matrix
}

// confirm shows the plan and asks, unless --yes was given.
func (o *platformOptions) confirm(plan *platform.Plan) error {
	if err := report.Diff(o.ErrOut, plan, colour(o.ErrOut)); err != nil {
		return err
	}
	if o.yes {
		return nil
	}
	if !o.agrees("Change this in " + o.on.Title + "?") {
		return errNotConfirmed
	}
	return nil
}

// carryOut saves and applies the plan.
func (o *onPlatform) carryOut(ctx context.Context, plan *platform.Plan) error {
	saved, err := o.openSave(plan)
	if err != nil {
		return err
	}
	tell := o.teller(len(plan.Changes))
	err = o.adapter.Apply(ctx, plan, func(c platform.Change, err error) {
		if err == nil {
			if err = platform.SaveDone(saved, c); err != nil {
				err = fmt.Errorf("it was changed, but not kept in %s: %w", o.save, err)
			}
		}
		tell.done(c, err)
	})
	tell.bar.end()
	return errors.Join(err, saved.Close())
}
