package read

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Namespace reads what the checks need of a namespace; it is nil where there is none of that name, or where it
// may not be read.
func Namespace(ctx context.Context, c *cluster.Client, name string) (*snapshot.Namespace, error) {
	r := Of(cluster.Namespaces).Only(name)
	s, err := Fill(ctx, c, r, "")
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) && !cluster.NotServed(err) {
		return nil, nil
	}
	if err != nil {
		return nil, r.Explain(err, "")
	}
	return &s.Namespaces[0], nil
}
