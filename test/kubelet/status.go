package kubelet

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func (k *kubelet) showUnschedulable(ctx context.Context, pod *corev1.Pod, message string) error {
	before := pod.DeepCopy()
	setCondition(pod, corev1.PodCondition{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: message,
	})
	if equality.Semantic.DeepEqual(before, pod) {
		return nil
	}
	if err := k.patchStatus(ctx, before, pod); err != nil {
		return err
	}
	return k.record(ctx, pod, corev1.EventSource{Component: "default-scheduler"}, "FailedScheduling", message)
}

// showCreating is a pod whose network is not there, or not yet.
func (k *kubelet) showCreating(ctx context.Context, pod *corev1.Pod, node *corev1.Node) error {
	before := pod.DeepCopy()
	reason := "ContainerCreating"
	if len(pod.Spec.InitContainers) > 0 {
		reason = "PodInitializing"
	}
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
	pod.Status.ContainerStatuses = statuses(pod.Spec.Containers, waiting)
	pod.Status.InitContainerStatuses = statuses(pod.Spec.InitContainers, waiting)
	k.place(pod, node, "", false)
	return k.patchStatus(ctx, before, pod)
}

// showPullFailure is a pod with a network and without an image.
func (k *kubelet) showPullFailure(ctx context.Context, pod *corev1.Pod, node *corev1.Node, ip string) error {
	before := pod.DeepCopy()
	image := pod.Spec.Containers[0].Image
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
		Reason: "ImagePullBackOff",
		Message: fmt.Sprintf("Back-off pulling image %q: ErrImagePull: initializing source docker://%s: "+
			"pinging container registry: connection refused", image, image),
	}}
	pod.Status.ContainerStatuses = statuses(pod.Spec.Containers, waiting)
	k.place(pod, node, ip, false)
	if equality.Semantic.DeepEqual(before, pod) {
		return nil
	}
	if err := k.patchStatus(ctx, before, pod); err != nil {
		return err
	}
	return k.record(ctx, pod, source(pod), "Failed", waiting.Waiting.Message)
}

func (k *kubelet) showRunning(ctx context.Context, pod *corev1.Pod, node *corev1.Node, ip string) error {
	before := pod.DeepCopy()
	now := metav1.Now()
	done := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: now, FinishedAt: now}}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
	pod.Status.Phase = corev1.PodRunning
	pod.Status.InitContainerStatuses = statuses(pod.Spec.InitContainers, done)
	pod.Status.ContainerStatuses = statuses(pod.Spec.Containers, running)
	k.place(pod, node, ip, true)
	return k.patchStatus(ctx, before, pod)
}

// place fills in what every pod on a node has: where it is, and the conditions that follow from ready.
func (k *kubelet) place(pod *corev1.Pod, node *corev1.Node, ip string, ready bool) {
	if pod.Status.StartTime == nil {
		pod.Status.StartTime = new(metav1.Now())
	}
	pod.Status.HostIP = internalIP(node)
	pod.Status.HostIPs = []corev1.HostIP{{IP: pod.Status.HostIP}}
	if ip != "" {
		pod.Status.PodIP = ip
		pod.Status.PodIPs = []corev1.PodIP{{IP: ip}}
	}
	setCondition(pod, corev1.PodCondition{Type: corev1.PodReadyToStartContainers, Status: status(ip != "")})
	setCondition(pod, corev1.PodCondition{Type: corev1.PodInitialized, Status: status(ready || len(pod.Spec.InitContainers) == 0)})
	for _, kind := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
		condition := corev1.PodCondition{Type: kind, Status: status(ready)}
		if !ready {
			condition.Reason = "ContainersNotReady"
			condition.Message = "containers with unready status: [" + strings.Join(names(pod.Spec.Containers), " ") + "]"
		}
		setCondition(pod, condition)
	}
}

func statuses(containers []corev1.Container, state corev1.ContainerState) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for _, c := range containers {
		is := corev1.ContainerStatus{Name: c.Name, Image: c.Image, State: state}
		is.Ready = state.Waiting == nil // an init container is ready when it is done
		is.Started = new(state.Running != nil)
		if state.Waiting == nil {
			is.ImageID = c.Image
		}
		out = append(out, is)
	}
	return out
}

func setCondition(pod *corev1.Pod, want corev1.PodCondition) {
	want.LastTransitionTime = metav1.Now()
	for i, is := range pod.Status.Conditions {
		if is.Type != want.Type {
			continue
		}
		if is.Status == want.Status {
			want.LastTransitionTime = is.LastTransitionTime
		}
		want.ObservedGeneration = is.ObservedGeneration
		pod.Status.Conditions[i] = want
		return
	}
	pod.Status.Conditions = append(pod.Status.Conditions, want)
}

func (k *kubelet) patchStatus(ctx context.Context, before, after *corev1.Pod) error {
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	err := k.client.Status().Patch(ctx, after, client.MergeFrom(before))
	if err := client.IgnoreNotFound(err); err != nil {
		return fmt.Errorf("writing the status of pod %s: %w", client.ObjectKeyFromObject(after), err)
	}
	return nil
}

func status(is bool) corev1.ConditionStatus {
	if is {
		return corev1.ConditionTrue
	}
	return corev1.ConditionFalse
}

func names(containers []corev1.Container) []string {
	var out []string
	for _, c := range containers {
		out = append(out, c.Name)
	}
	return out
}
