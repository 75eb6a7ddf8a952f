package read

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
)

// Secret reads the data of a Secret. Nothing of it may be printed.
func Secret(ctx context.Context, c *cluster.Client, namespace, name string) (map[string][]byte, error) {
	object, err := c.Get(ctx, cluster.Secrets, namespace, name)
	if err != nil {
		return nil, err
	}
	if object == nil {
		return nil, fmt.Errorf("secret %s in namespace %s: %w", name, namespace, cluster.ErrNotFound)
	}
	secret := &corev1.Secret{}
	if err := cluster.Typed(object, secret); err != nil {
		return nil, err
	}
	return secret.Data, nil
}
