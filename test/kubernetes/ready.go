//go:build linux

package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// patience is how long a node may take to become ready, on two cores that also do other work.
const patience = 2 * time.Minute

// waitReady returns once all nodes are Ready.
func (c *Cluster) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	for i, n := range c.nodes {
		for {
			found, err := client.CoreV1().Nodes().Get(ctx, n.name, metav1.GetOptions{})
			if err == nil && isReady(found) {
				if err := setPodNetwork(ctx, client, n.name, podNetworkOf(i+1)); err != nil {
					return err
				}
				break
			}
			if err != nil && !apierrors.IsNotFound(err) && ctx.Err() == nil {
				return fmt.Errorf("reading node %s: %w", n.name, err)
			}
			if ended := n.Err(); ended != nil {
				return ended
			}
			if ctx.Err() != nil {
				return fmt.Errorf("%s is not ready: %w\n%s", n.name, ctx.Err(), c.Diagnosis())
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	c.say("all nodes are ready")
	return nil
}

// setPodNetwork lets a Node say which addresses its pods have, as the controller that hands those out would.
func setPodNetwork(ctx context.Context, client kubernetes.Interface, name, network string) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"podCIDR": network, "podCIDRs": []string{network}}})
	if err != nil {
		return fmt.Errorf("rendering a patch: %w", err)
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("writing the pod network of node %s: %w", name, err)
	}
	return nil
}

// isReady reports whether a node is, and takes pods: the taint of a new one goes a little later.
func isReady(n *corev1.Node) bool {
	if len(n.Spec.Taints) > 0 {
		return false
	}
	for _, condition := range n.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
