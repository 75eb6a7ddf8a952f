package read

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// RouterNames lists the names of the routers in a namespace, of both provisioners, sorted: two lists of
// metadata, side by side. What the user may not read has no names in it. It is for completion: it is
// answered from the server's cache, and nothing is tried twice.
func RouterNames(ctx context.Context, c *cluster.Client, namespace string) ([]string, error) {
	var operators, standalone []string
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		operators, err = names(ctx, c, cluster.MetadataOf(cluster.EgressRouters), namespace, "")
		return err
	})
	group.Go(func() (err error) {
		standalone, err = names(ctx, c, cluster.MetadataOf(cluster.Deployments).Labelled(Ours()), namespace, egress.AnnotationRouter)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return collect.Unique(slices.Concat(operators, standalone)), nil
}

// NamespaceNames lists the namespaces; where the user may not, OpenShift's projects, which are what that shows of
// them to people who may not list them all. Like RouterNames it is for completion.
func NamespaceNames(ctx context.Context, c *cluster.Client) ([]string, error) {
	found, err := names(ctx, c, cluster.MetadataOf(cluster.Namespaces), "", "")
	if err == nil && len(found) == 0 {
		found, err = names(ctx, c, cluster.MetadataOf(cluster.Projects), "", "")
	}
	slices.Sort(found)
	return found, err
}

// names lists the names of objects, of those with the annotation unless that is ""; nothing where the resource is not
// served or not to be read: a user without rights is told "forbidden" of a resource that is not served, too.
func names(ctx context.Context, c *cluster.Client, r cluster.Reading, namespace, annotation string) ([]string, error) {
	r.Cached = true
	found, err := cluster.List[*metav1.PartialObjectMetadata](ctx, c, r, namespace)
	if apierrors.IsForbidden(err) || cluster.NotServed(err) {
		return nil, nil
	}
	found = collect.Filter(found, func(o *metav1.PartialObjectMetadata) bool { return annotation == "" || o.Annotations[annotation] != "" })
	return collect.Map(found, func(o *metav1.PartialObjectMetadata) string { return o.Name }), r.Explain(err, namespace)
}
