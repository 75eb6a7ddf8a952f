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
// finding says that its leave is unknown.
func (o *onPlatform) underneath(ctx context.Context) (*platform.Plan, error) {
	name := platform.Detect(o.look.Snapshot)
	if name == "" || len(o.look.routers()) == 0 {
		return &platform.Plan{}, nil
	}
	var plan *platform.Plan
	var err error
	switch {
	case o.from != "":
		err = errors.New("a file was looked at, and the platform is not in it")
	case name == platform.OpenStack && os.Getenv("OS_CLOUD")+os.Getenv("OS_AUTH_URL") != "":
		plan, err = o.askOpenStack(ctx)
	case name == platform.VSphere && os.Getenv("GOVC_URL") != "":
		plan, err = o.askVSphere(ctx)
	default:
		return &platform.Plan{Platform: string(name), Findings: o.unasked(name, finding.Info, "no credentials for it are in the environment")}, nil
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && o.from != "":
		return &platform.Plan{Platform: string(name), Findings: o.unasked(name, finding.Info, err.Error())}, nil
	case err != nil:
		return &platform.Plan{Platform: string(name), Findings: o.unasked(name, finding.Error, err.Error())}, nil
	}
	return plan, nil
}

// unasked is EGR207 for a platform whose leave is unknown.
func (o *onPlatform) unasked(name platform.Name, level finding.Level, why string) []finding.Finding {
	return []finding.Finding{{
		Code: finding.NodeReadiness, Level: level, Object: "cluster",
		Message: fmt.Sprintf("whether %s lets the routers' frames through is unknown", name.Title()),
		Why:     fmt.Sprintf("the nodes stand on %s, which drops frames whose MAC it does not know, and %s", name.Title(), why),
		Fix:     fmt.Sprintf("%s preflight %s", o.name, name),
	}}
}

func (o *onPlatform) askOpenStack(ctx context.Context) (*platform.Plan, error) {
	p := &openstackFlags{platformFlags: o.platformFlags}
	recorded, err := records(o.look.routers())
	if err != nil {
		return nil, err
	}
	adapter, err := p.connect(ctx, o.factory, p.options(o.look, recorded))
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
