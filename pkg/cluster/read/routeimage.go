package read

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
)

// EgressRouterImage is the image that OpenShift runs egress routers with: it is in the cluster's own release,
// so that every node can pull it, and it has a shell and ip(8). It is "" where the cluster has none, or does
// not show it. The operator's Deployment names it; a hosted cluster has no such Deployment, but the same image
// on an init container of Multus' DaemonSet.
func EgressRouterImage(ctx context.Context, c *cluster.Client) (image string, err error) {
	places := []struct {
		kind            cluster.Kind
		namespace, name string
		image           func(*unstructured.Unstructured) (string, error)
	}{
		{cluster.Deployments, "openshift-network-operator", "network-operator", operatorImage},
		{cluster.DaemonSets, "openshift-multus", "multus-additional-cni-plugins", multusImage},
	}
	for _, place := range places {
		object, err := c.Get(ctx, place.kind, place.namespace, place.name)
		if apierrors.IsForbidden(err) || object == nil && err == nil {
			continue
		}
		if err == nil {
			image, err = place.image(object)
		}
		if err != nil {
			return "", fmt.Errorf("looking for the cluster's egress-router image in %s/%s: %w", place.namespace, place.name, err)
		}
		if image != "" {
			return image, nil
		}
	}
	return "", nil
}

func operatorImage(object *unstructured.Unstructured) (string, error) {
	var deployment appsv1.Deployment
	if err := cluster.Typed(object, &deployment); err != nil {
		return "", err
	}
	for _, container := range deployment.Spec.Template.Spec.Containers {
		for _, env := range container.Env {
			if env.Name == "EGRESS_ROUTER_CNI_IMAGE" {
				return env.Value, nil
			}
		}
	}
	return "", nil
}

func multusImage(object *unstructured.Unstructured) (string, error) {
	var set appsv1.DaemonSet
	if err := cluster.Typed(object, &set); err != nil {
		return "", err
	}
	return imageOf(set.Spec.Template.Spec.InitContainers, "egress-router-binary-copy"), nil
}

func imageOf(containers []corev1.Container, name string) string {
	for _, container := range containers {
		if container.Name == name {
			return container.Image
		}
	}
	return ""
}
