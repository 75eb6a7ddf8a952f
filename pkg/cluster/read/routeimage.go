package read

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
)

// EgressRouterImage is the image that OpenShift runs egress routers with: it is in the cluster's own release,
// so that every node can pull it, and it has a shell and ip(8). It is "" where the cluster has none, or does
// not show it. The operator's Deployment names it; a hosted cluster has no such Deployment, but the same image
// on an init container of Multus' DaemonSet.
func EgressRouterImage(ctx context.Context, c *cluster.Client) (string, error) {
	places := []struct {
		kind            cluster.Kind
		namespace, name string
		image           func(corev1.PodSpec) string
	}{
		{cluster.Deployments, "openshift-network-operator", "network-operator", operatorImage},
		{cluster.DaemonSets, "openshift-multus", "multus-additional-cni-plugins", multusImage},
	}
	for _, place := range places {
		object, err := c.Get(ctx, place.kind, place.namespace, place.name)
		if apierrors.IsForbidden(err) || object == nil && err == nil {
			continue
		}
		var workload appsv1.Deployment // a DaemonSet has its template in the same place
		if err == nil {
			err = cluster.Typed(object, &workload)
		}
		if err != nil {
			return "", fmt.Errorf("looking for the cluster's egress-router image in %s/%s: %w", place.namespace, place.name, err)
		}
		if image := place.image(workload.Spec.Template.Spec); image != "" {
			return image, nil
		}
	}
	return "", nil
}

func operatorImage(pod corev1.PodSpec) string {
	for _, container := range pod.Containers {
		for _, env := range container.Env {
			if env.Name == "EGRESS_ROUTER_CNI_IMAGE" {
				return env.Value
			}
		}
	}
	return ""
}

func multusImage(pod corev1.PodSpec) string {
	for _, container := range pod.InitContainers {
		if container.Name == "egress-router-binary-copy" {
			return container.Image
		}
	}
	return ""
}
