package read

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// GrantData reads the grants as they were written, by one request; nil where the cluster has none.
func GrantData(ctx context.Context, c *cluster.Client) (*snapshot.Grants, error) {
	_, live, err := LiveGrants(ctx, c)
	if live == nil || err != nil {
		return nil, err
	}
	found := &corev1.ConfigMap{}
	if err := cluster.Typed(live, found); err != nil {
		return nil, err
	}
	return &snapshot.Grants{Data: found.Data}, nil
}
