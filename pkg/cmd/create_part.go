package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// target is j as it is waited for. What becomes of the operator's Deployment is added to applied.
func (o *createOptions) target(j job, applied *[]apply.Applied) apply.Target {
	t := apply.Target{Router: apply.RouterOf(j.router, o.provisioner, *applied), Command: o.name, Restart: o.restart}
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
	if routerResult(*applied) != apply.Created {
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

// routerResult is what applying the router's EgressRouter did.
func routerResult(applied []apply.Applied) apply.Result {
	for _, a := range applied {
		if a.Object.GetKind() == egress.Kind.Kind {
			return a.Result
		}
	}
	return ""
}
