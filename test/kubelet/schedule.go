package kubelet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// schedule binds a pod to the node with the fewest pods among those that its node selector and
// tolerations allow. Affinity and resources are not looked at.
func (k *kubelet) schedule(ctx context.Context, pod *corev1.Pod) (again time.Duration, err error) {
	var nodes corev1.NodeList
	if err := k.client.List(ctx, &nodes); err != nil {
		return 0, err
	}
	var pods corev1.PodList
	if err := k.client.List(ctx, &pods); err != nil {
		return 0, err
	}
	load := map[string]int{}
	for _, other := range pods.Items {
		load[other.Spec.NodeName]++
	}
	var fit []string
	refused := map[string]int{}
	for _, node := range nodes.Items {
		if reason := refusal(pod, &node); reason != "" {
			refused[reason]++
			continue
		}
		fit = append(fit, node.Name)
	}
	if len(fit) == 0 {
		return pause, k.showUnschedulable(ctx, pod, unschedulable(len(nodes.Items), refused))
	}
	target := slices.MinFunc(fit, func(a, b string) int {
		return cmp.Or(cmp.Compare(load[a], load[b]), cmp.Compare(a, b))
	})
	binding := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: target}}
	err = k.client.SubResource("binding").Create(ctx, pod, binding)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return pause, nil // bound or deleted in the meantime
	}
	if err != nil {
		return 0, fmt.Errorf("binding pod %s: %w", client.ObjectKeyFromObject(pod), err)
	}
	return 0, nil
}

// refusal says, in the scheduler's words, why the pod does not go to the node; empty: it may.
func refusal(pod *corev1.Pod, node *corev1.Node) string {
	if node.Spec.Unschedulable {
		return "node(s) were unschedulable"
	}
	taints := node.Spec.Taints
	if !ready(node) { // what the node lifecycle controller would see to
		taints = append(slices.Clip(taints), corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule})
	}
	for _, taint := range taints {
		if taint.Effect != corev1.TaintEffectPreferNoSchedule && !tolerated(pod, taint) {
			return fmt.Sprintf("node(s) had untolerated taint {%s: %s}", taint.Key, taint.Value)
		}
	}
	if !labels.SelectorFromSet(pod.Spec.NodeSelector).Matches(labels.Set(node.Labels)) {
		return "node(s) didn't match Pod's node affinity/selector"
	}
	return ""
}

func tolerated(pod *corev1.Pod, taint corev1.Taint) bool {
	return slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool {
		return t.ToleratesTaint(klog.Logger{}, &taint, false)
	})
}

// unschedulable is the scheduler's message about nodes none of which fits.
func unschedulable(nodes int, refused map[string]int) string {
	if nodes == 0 {
		return "no nodes available to schedule pods"
	}
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(refused)) {
		reasons = append(reasons, fmt.Sprintf("%d %s", refused[reason], reason))
	}
	return fmt.Sprintf("0/%d nodes are available: %s. preemption: 0/%d nodes are available: %d Preemption is not helpful for scheduling.",
		nodes, strings.Join(reasons, ", "), nodes, nodes)
}
