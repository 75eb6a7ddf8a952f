package cmd

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// refusePods stops where the Pod Security level of a namespace refuses the pod with the init container for
// routes. Written all the same, it would end the pod that is there, and none would come after it.
func (o *createOptions) refusePods(ctx context.Context, client *cluster.Client) error {
	if o.provisioner != egress.Standalone || len(o.pod.Routes) == 0 || o.force {
		return nil
	}
	s, err := o.pods()
	if err != nil {
		return err
	}
	if s.Namespaces, err = o.namespaces(ctx, client); err != nil {
		return err
	}
	refused := check.PodSecurity(s, check.Options{Command: o.name})
	return o.refuse(refused, string(finding.PodSecurity)+": the pod would be refused, and nothing was written: mend it, or go on with --force", "")
}

// pods are the routers with their Deployments, as the checks see them.
func (o *createOptions) pods() (*snapshot.Snapshot, error) {
	s := o.snapshot(o.provisioner)
	for _, r := range s.Routers {
		object, err := render.Deployment(&r.EgressRouter, o.pod)
		if err != nil {
			return nil, fmt.Errorf("router %s: %w", r.Name, err)
		}
		var d appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &d); err != nil {
			return nil, fmt.Errorf("router %s: reading its Deployment: %w", r.Name, err)
		}
		pod := d.Spec.Template.Spec
		s.Deployments = append(s.Deployments, snapshot.Deployment{
			Namespace: d.Namespace, Name: d.Name, Router: r.Name, Routes: render.ReadRoutes(&pod), Template: pod,
		})
	}
	return s, nil
}

// namespaces are those of the routers, each once; those that are not there or may not be read are left out.
func (o *createOptions) namespaces(ctx context.Context, client *cluster.Client) ([]snapshot.Namespace, error) {
	names := namespacesOf(o.routers)
	found := make([]*snapshot.Namespace, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.workers)
	for i, name := range names {
		group.Go(func() (err error) {
			found[i], err = read.Namespace(ctx, client, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var out []snapshot.Namespace
	for _, namespace := range slices.DeleteFunc(found, func(n *snapshot.Namespace) bool { return n == nil }) {
		out = append(out, *namespace)
	}
	return out, nil
}
