package cmd

import (
	"context"
	"fmt"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// underneath asks the platform that the nodes run on, where it is one of ours and its credentials are in
// the environment. An empty plan comes back where it is none; where it is not asked, or does not answer, a
// finding says that it is unknown whether it allows the frames.
func (o *onPlatform) underneath(ctx context.Context) (*platform.Plan, error) {
	on, ok := o.platforms.row(platform.Detect(o.look.Snapshot, o.platforms.known()))
	if !ok || len(o.look.routers()) == 0 {
		return &platform.Plan{}, nil
	}
	o.on = on
	switch {
	case o.from != "":
		return o.unasked(finding.Info, "a file was looked at, and the platform is not in it"), nil
	case !on.configured():
		return o.unasked(finding.Info, "no credentials for it are in the environment"), nil
	}
	plan, err := o.ask(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return o.unasked(finding.Error, err.Error()), nil
	}
	return plan, nil
}

// ask plans as "preflight NAME" does without a flag of its own.
func (o *onPlatform) ask(ctx context.Context) (plan *platform.Plan, err error) {
	own := o.on.preflight()
	own.command(o.name)
	ready, err := own.prepare(ctx, o.platformOptions)
	if err != nil {
		return nil, err
	}
	err = o.visit(ctx, ready, o.look, func(o *onPlatform) error {
		plan, err = o.adapter.Plan(ctx, o.need)
		return err
	})
	return plan, err
}

// unasked is a plan that changes nothing, with EGR207 for a platform that was not asked.
func (o *onPlatform) unasked(level finding.Level, why string) *platform.Plan {
	return &platform.Plan{Platform: o.on.Name, Findings: []finding.Finding{finding.New(finding.NodeReadiness, "cluster",
		fmt.Sprintf("whether %s allows the routers' frames is unknown", o.on.Title),
		fmt.Sprintf("the nodes run on %s, which drops frames whose MAC it does not know, and %s", o.on.Title, why),
		fmt.Sprintf("%s preflight %s", o.name, o.on.Name)).At(level),
	}}
}
