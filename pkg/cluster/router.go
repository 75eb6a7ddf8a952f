package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func lower(s string) string { return strings.ToLower(s) }

// Found is a router in the cluster.
type Found struct {
	snapshot.Router
	// UID is that of the EgressRouter; empty for a standalone one, which has none.
	UID types.UID
}

// Find reads the router name, of either provisioner, or of the one asked for. Its error is ErrNotFound
// where there is none.
func (c *Client) Find(ctx context.Context, namespace, name string, asked egress.Provisioner) (*Found, error) {
	var unread error
	if asked != egress.Standalone {
		cr, err := c.get(ctx, egress.Resource, namespace, name)
		switch {
		case cr != nil:
			return fromEgressRouter(cr)
		case err != nil && asked == egress.Operator:
			return nil, err
		case apierrors.IsForbidden(err):
			// Also the answer of a cluster that serves no EgressRouters, to a user without rights: there
			// may still be a standalone router.
			unread = err
		case err != nil && !notServed(err):
			return nil, err
		}
	}
	if asked != egress.Operator {
		deployment, err := c.get(ctx, deployments(), namespace, name)
		if err != nil {
			return nil, err
		}
		if deployment != nil && isStandalone(deployment) {
			return fromDeployment(deployment)
		}
	}
	if unread != nil {
		return nil, unread
	}
	return nil, fmt.Errorf("egress router %s in namespace %s: %w", name, namespace, ErrNotFound)
}

// isStandalone tells whether deployment is a standalone router's.
func isStandalone(deployment *unstructured.Unstructured) bool {
	return deployment.GetLabels()[egress.LabelManagedBy] == egress.ManagedByValue &&
		deployment.GetAnnotations()[egress.AnnotationRouter] != ""
}

func fromEgressRouter(cr *unstructured.Unstructured) (*Found, error) {
	var found Found
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(cr.Object, &found.EgressRouter); err != nil {
		return nil, fmt.Errorf("reading %s in namespace %s: %w", Name(cr), cr.GetNamespace(), err)
	}
	egress.SetDefaults(&found.EgressRouter)
	found.Provisioner, found.UID = egress.Operator, cr.GetUID()
	return &found, nil
}

// fromDeployment reads a standalone router back from the annotation on its Deployment.
func fromDeployment(deployment *unstructured.Unstructured) (*Found, error) {
	var found Found
	text := deployment.GetAnnotations()[egress.AnnotationRouter]
	if err := json.Unmarshal([]byte(text), &found.EgressRouter); err != nil {
		return nil, fmt.Errorf("reading the annotation %s of %s in namespace %s: %w",
			egress.AnnotationRouter, Name(deployment), deployment.GetNamespace(), err)
	}
	found.Name, found.Namespace = deployment.GetName(), deployment.GetNamespace()
	found.CreationTimestamp = deployment.GetCreationTimestamp()
	egress.SetDefaults(&found.EgressRouter)
	found.Provisioner = egress.Standalone
	return &found, nil
}
