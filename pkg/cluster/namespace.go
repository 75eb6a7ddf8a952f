package cluster

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Namespace reads what the checks need of a namespace; it is nil where there is none of that name, or where it
// may not be read.
func (c *Client) Namespace(ctx context.Context, name string) (*snapshot.Namespace, error) {
	object, err := c.get(ctx, core("namespaces"), "", name)
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	if object == nil || err != nil {
		return nil, err
	}
	var s snapshot.Snapshot
	if err := addNamespace(&s, &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: object.GetName(), Labels: object.GetLabels()}}); err != nil {
		return nil, err
	}
	return &s.Namespaces[0], nil
}
