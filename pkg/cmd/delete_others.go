package cmd

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// noteOthers says what becomes of the other routers of the operator's in the namespace: the operator gives all of them
// one NAD and one Deployment, which go with each.
func (o *deleteOptions) noteOthers(ctx context.Context, client *cluster.Client, name string, remains *apply.Remains) error {
	if !slices.ContainsFunc(remains.Objects, func(object *unstructured.Unstructured) bool { return object.GetKind() == egress.Kind.Kind }) {
		return nil
	}
	s, unreadable, err := read.OperatorRouters(ctx, client, []string{o.namespace})
	if err != nil {
		return err
	}
	if unreadable != nil || len(s.Unknown) > 0 {
		o.note("egressrouters in namespace %s may not be listed: whether another loses its NAD and its Deployment too was not checked", o.namespace)
	}
	for _, r := range s.Routers {
		if slices.Contains(o.names, r.Name) {
			continue
		}
		o.note("egress router %s shares NAD %s and Deployment %s with %s, and they are deleted for both: it is down until the operator makes them again, up to five minutes later, and what was set on its Deployment is lost",
			egress.Key(&r.EgressRouter), egress.OperatorNAD, egress.OperatorDeployment, name)
	}
	return nil
}
