package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// Secret reads the data of a Secret. Nothing of it may be printed.
func (c *Client) Secret(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	object, err := c.get(ctx, Secrets, namespace, name)
	if err != nil {
		return nil, err
	}
	if object == nil {
		return nil, fmt.Errorf("secret %s in namespace %s: %w", name, namespace, ErrNotFound)
	}
	secret := &corev1.Secret{}
	if err := typed(object, secret); err != nil {
		return nil, err
	}
	return secret.Data, nil
}
