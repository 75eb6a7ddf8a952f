package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// run judges the input before anything is sent, then renders, then applies.
func (o *createOptions) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{o.settle, o.check, o.findRoutes, o.findARP} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	jobs, err := o.render()
	if err != nil {
		return invalid(err)
	}
	if o.dryRun == dryRunClient {
		return o.printAll(jobs)
	}
	client, err := o.client(o.manager)
	if err != nil {
		return err
	}
	for _, refuse := range []func(context.Context, *cluster.Client) error{o.refuseBeside, o.refuseMAC, o.refuseForeign, o.refusePods} {
		if err := refuse(ctx, client); err != nil {
			return err
		}
	}
	return o.applyAll(ctx, client, jobs)
}

// settle makes provisioner operator or standalone. What is wrong under both is refused before the
// cluster is asked which it is.
func (o *createOptions) settle(ctx context.Context) error {
	if o.provisioner == egress.Auto && o.dryRun != dryRunClient {
		if err := o.refuseUnderAny(); err != nil {
			return err
		}
		client, err := o.client(o.manager)
		if err != nil {
			return err
		}
		if o.provisioner, err = client.Provisioner(ctx, o.provisioner); err != nil {
			return err
		}
	}
	o.provisioner = o.provisioner.Offline()
	if o.provisioner == egress.Operator && len(o.podSet) > 0 {
		return invalid(fmt.Errorf("%s: the Cluster Network Operator makes the pod and would ignore it: use --provisioner=standalone, or leave it out",
			strings.Join(o.podSet, ", ")))
	}
	if o.provisioner == egress.Standalone && o.surge {
		return invalid(fmt.Errorf("--recreate=false: a standalone router's old pod always ends before the new one starts, since both would have one address: leave it out"))
	}
	return nil
}

// refuseUnderAny stops at errors that neither provisioner can live with.
func (o *createOptions) refuseUnderAny() error {
	if o.force {
		return nil
	}
	standalone := check.Specs(o.snapshot(egress.Standalone))
	return o.refuse(slices.DeleteFunc(check.Specs(o.snapshot(egress.Operator)), func(f finding.Finding) bool {
		return f.Level != finding.Error || !slices.ContainsFunc(standalone, func(also finding.Finding) bool { return also.Code == f.Code })
	}), specErrors, "")
}

// snapshot is the input as the checks see it, under provisioner.
func (o *createOptions) snapshot(provisioner egress.Provisioner) *snapshot.Snapshot {
	var s snapshot.Snapshot
	current, _, err := o.currentNamespace()
	if err != nil {
		current = "default"
	}
	for _, r := range o.routers {
		named := r.DeepCopy()
		named.Namespace = cmp.Or(named.Namespace, current)
		s.Routers = append(s.Routers, snapshot.Router{EgressRouter: *named, Provisioner: provisioner})
	}
	return &s
}

// check says what the spec checks find; errors stop the command, unless --force goes past them.
func (o *createOptions) check(context.Context) error {
	findings := check.Specs(o.snapshot(o.provisioner))
	refused := finding.AtLeast(findings, finding.Error)
	if o.force {
		// Under the operator these would degrade the network operator of the whole cluster.
		refused = slices.DeleteFunc(refused, func(f finding.Finding) bool {
			return o.provisioner != egress.Operator || !slices.Contains(check.Degrading(), f.Code)
		})
	}
	if err := o.refuse(refused, specErrors, "--force does not go past what would degrade the cluster's network operator"); err != nil || len(findings) == 0 {
		return err
	}
	return o.table(findings)
}

// table shows findings beside the output.
func (f *factory) table(findings []finding.Finding) error {
	return report.New(findings, nil, nil).Write(f.ErrOut, "table", colour(f.ErrOut))
}

// specErrors is why the input is refused.
const specErrors = "the spec has errors, and nothing was written"

// refuse shows findings and ends the command with the code for invalid input, if there are any; forced is what is said
// where --force was given.
func (o *createOptions) refuse(findings []finding.Finding, why, forced string) error {
	if o.force {
		why += ": " + forced
	}
	return o.factory.refuse(findings, why)
}

// refuse shows findings and ends the command with the code for invalid input, if there are any.
func (f *factory) refuse(findings []finding.Finding, why string) error {
	if len(findings) == 0 {
		return nil
	}
	if err := f.table(findings); err != nil {
		return err
	}
	return invalid(errors.New(why))
}

// job is one router, rendered.
type job struct {
	router  *nov1.EgressRouter
	objects []apply.Object
	// part is what is set on the operator's Deployment; nil under the standalone provisioner.
	part *unstructured.Unstructured
}

// render renders all routers, so that a mistake in the last one is found before the first is applied.
func (o *createOptions) render() ([]job, error) {
	var jobs []job
	for _, r := range o.routers {
		j := job{router: r}
		rendered, err := render.Router(r, o.provisioner, o.pod)
		if err == nil && o.provisioner == egress.Operator {
			j.part, err = render.OperatorPart(r, o.pod)
		}
		if err != nil {
			return nil, fmt.Errorf("router %s: %w", r.Name, err)
		}
		if len(o.clients) > 0 {
			// First, so that no pod is there before it.
			j.objects = append(j.objects, func(owner types.UID) (*unstructured.Unstructured, error) {
				return render.NetworkPolicy(r, render.PolicyOptions{From: o.clients, Provisioner: o.provisioner, Owner: owner})
			})
		}
		for _, object := range rendered {
			j.objects = append(j.objects, apply.Fixed(object))
		}
		if o.expose {
			ports, err := render.ServicePorts(r, o.provisioner, nil)
			if err != nil {
				return nil, fmt.Errorf("--expose: %w", err)
			}
			j.objects = append(j.objects, serviceObject(r, render.ServiceOptions{Ports: ports, Provisioner: o.provisioner}))
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

func (o *createOptions) printAll(jobs []job) error {
	for _, j := range jobs {
		for _, object := range j.objects {
			rendered, err := object("")
			if err == nil {
				err = o.print.object(rendered, apply.Created)
			}
			if err != nil {
				return err
			}
		}
	}
	if o.provisioner == egress.Operator && len(o.partSet) > 0 {
		o.note("%s: noted in the annotation %s, and not shown beyond: create sets it on deployment.apps/%s once the operator has made that",
			strings.Join(o.partSet, ", "), egress.AnnotationDeployment, egress.OperatorDeployment)
	}
	return nil
}
