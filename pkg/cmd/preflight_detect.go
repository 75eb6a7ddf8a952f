package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
)

// underneath asks the platform that the nodes stand on, where it is one of ours and its credentials are in
// the environment. An empty plan comes back where it is none; where it is not asked, or does not answer, a
// finding says that it is unknown whether it allows the frames.
func (o *onPlatform) underneath(ctx context.Context) (*platform.Plan, error) {
	name := platform.Detect(o.look.Snapshot)
	if name == "" || len(o.look.routers()) == 0 {
		return &platform.Plan{}, nil
	}
	var ask func(context.Context) (*platform.Plan, error)
	switch {
	case o.from != "":
		return o.unasked(name, finding.Info, "a file was looked at, and the platform is not in it"), nil
	case name == platform.OpenStack && os.Getenv("OS_CLOUD")+os.Getenv("OS_AUTH_URL") != "":
		ask = o.askOpenStack
	case name == platform.VSphere && os.Getenv("GOVC_URL") != "":
		ask = o.askVSphere
	default:
		return o.unasked(name, finding.Info, "no credentials for it are in the environment"), nil
	}
	plan, err := ask(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return o.unasked(name, finding.Error, err.Error()), nil
	}
	return plan, nil
}

// unasked is a plan that changes nothing, with EGR207 for a platform that was not asked.
func (o *onPlatform) unasked(name platform.Name, level finding.Level, why string) *platform.Plan {
	return &platform.Plan{Platform: string(name), Findings: []finding.Finding{{
		Code: finding.NodeReadiness, Level: level, Object: "cluster",
		Message: fmt.Sprintf("whether %s lets the routers' frames through is unknown", name.Title()),
		Why:     fmt.Sprintf("the nodes stand on %s, which drops frames whose MAC it does not know, and %s", name.Title(), why),
		Fix:     fmt.Sprintf("%s preflight %s", o.name, name),
	}}}
}

func (o *onPlatform) askOpenStack(ctx context.Context) (*platform.Plan, error) {
	p := &openstackFlags{platformFlags: o.platformFlags}
	adapter, err := p.adapter(ctx, o.factory, o.look)
	if err != nil {
		return nil, err
	}
	return adapter.Plan(ctx, platform.Attachments(o.look.Snapshot, o.look.routers(), false))
}

func (o *onPlatform) askVSphere(ctx context.Context) (plan *platform.Plan, err error) {
	p := &vsphereFlags{platformFlags: o.platformFlags, vsphereLogin: vsphereLogin{changed: func(string) bool { return false }}}
	p.require, p.scope = vsphere.RequireMinimal, vsphere.ScopePortGroup
	adapter, err := p.connect(ctx, o.factory, p.options(o.factory))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closing(ctx, adapter)) }()
	return adapter.Plan(ctx, platform.Attachments(o.look.Snapshot, o.look.routers(), true))
}
