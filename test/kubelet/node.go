package kubelet

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func (k *kubelet) createNodes(ctx context.Context) error {
	for i, name := range k.Nodes {
		addresses := k.Addresses[name]
		if len(addresses) == 0 {
			addresses = []string{fmt.Sprintf("192.168.12.%d", 11+i)}
		}
		node := newNode(name, addresses, k.ProviderIDs[name])
		node.Annotations = k.Annotations[name]
		if node.Annotations == nil && k.Network == ovnKubernetes {
			node.Annotations = ovnAnnotations(addresses[0])
		}
		err := k.client.Create(ctx, node)
		if apierrors.IsAlreadyExists(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("creating node %s: %w", name, err)
		}
		if err := k.removeNotReadyTaint(ctx, name); err != nil {
			return fmt.Errorf("making node %s schedulable: %w", name, err)
		}
	}
	return nil
}

// ovnAnnotations are what OVN-Kubernetes notes of a node in a subnet of 24 bits, as far as anyone reads it.
func ovnAnnotations(address string) map[string]string {
	return map[string]string{
		"k8s.ovn.org/host-cidrs":          fmt.Sprintf("[%q]", address+"/24"),
		"k8s.ovn.org/node-primary-ifaddr": fmt.Sprintf("{\"ipv4\":%q}", address+"/24"),
	}
}

func newNode(name string, addresses []string, providerID string) *corev1.Node {
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("4"),
		corev1.ResourceMemory: resource.MustParse("16Gi"),
		corev1.ResourcePods:   resource.MustParse("250"),
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			corev1.LabelHostname:             name,
			corev1.LabelOSStable:             "linux",
			corev1.LabelArchStable:           "amd64",
			"node-role.kubernetes.io/worker": "",
		}},
		Spec: corev1.NodeSpec{ProviderID: providerID},
		Status: corev1.NodeStatus{
			Capacity:    capacity,
			Allocatable: capacity,
			Conditions: []corev1.NodeCondition{{
				Type: corev1.NodeReady, Status: corev1.ConditionTrue,
				Reason: "KubeletReady", Message: "kubelet is posting ready status",
				LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now(),
			}},
		},
	}
	for _, address := range addresses {
		node.Status.Addresses = append(node.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: address})
	}
	node.Status.Addresses = append(node.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeHostName, Address: name})
	return node
}

// removeNotReadyTaint undoes what the API server does to every new node. The controller that does it
// in a cluster would also watch for heartbeats, of which there are none here.
func (k *kubelet) removeNotReadyTaint(ctx context.Context, name string) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		var node corev1.Node
		if err := k.client.Get(ctx, client.ObjectKey{Name: name}, &node); err != nil {
			return err
		}
		node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeNotReady })
		return k.client.Update(ctx, &node)
	})
}

func ready(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

func internalIP(node *corev1.Node) string {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return address.Address
		}
	}
	return ""
}
