package cluster

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Namespace reads what the checks need of a namespace; it is nil where there is none of that name, or where it
// may not be read.
func (c *Client) Namespace(ctx context.Context, name string) (*snapshot.Namespace, error) {
	r := reads(Namespaces, addNamespace).only(name)
	s, err := c.fillFrom(ctx, r, "")
	if apierrors.IsForbidden(err) || isNotFound(err) && !notServed(err) {
		return nil, nil
	}
	if err != nil {
		return nil, r.explain(err, "")
	}
	return &s.Namespaces[0], nil
}
