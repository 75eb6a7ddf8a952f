package read

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
)

// Grants reads the grants of the cluster; nil where it has no ConfigMap of them. Where they cannot be read, what is granted
// is not known, which is an error.
func Grants(ctx context.Context, c *cluster.Client) (*grant.Grants, error) {
	g, _, err := LiveGrants(ctx, c)
	return g, err
}

// LiveGrants reads the grants with the ConfigMap that holds them; both are nil where there is none.
func LiveGrants(ctx context.Context, c *cluster.Client) (*grant.Grants, *unstructured.Unstructured, error) {
	live, err := c.Get(ctx, cluster.ConfigMaps, egress.Namespace, grant.Name)
	if err != nil {
		return nil, nil, fmt.Errorf("what is granted is not known: ConfigMap %s in namespace %s cannot be read: %w", grant.Name, egress.Namespace, err)
	}
	if live == nil {
		return nil, nil, nil
	}
	data := &corev1.ConfigMap{}
	if err := cluster.Typed(live, data); err != nil {
		return nil, nil, err
	}
	return grant.Parse(data.Data), live, nil
}
