package read

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func addPod(s *snapshot.Snapshot, pod *corev1.Pod) error {
	p := snapshot.Pod{
		Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Labels: routerLabels(pod.Labels),
		Created: pod.CreationTimestamp.UTC(), Deleting: pod.DeletionTimestamp != nil,
		Node: pod.Spec.NodeName, Phase: string(pod.Status.Phase), State: podState(pod), PodIP: pod.Status.PodIP,
		NADHash: pod.Annotations[egress.AnnotationNADHash], Owner: ownerOf(pod),
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			p.Ready, p.ReadySince = condition.Status == corev1.ConditionTrue, condition.LastTransitionTime.UTC()
		}
	}
	statuses, err := networksOf(pod)
	if err != nil {
		p.StatusError = err.Error()
	}
	for _, status := range statuses {
		if status.Default {
			p.Network = status.Name
		}
	}
	if net1 := net1In(statuses); net1 != nil {
		p.MAC, p.Attachment = net1.Mac, net1.Name
		if len(net1.IPs) > 0 {
			p.IP = net1.IPs[0]
		}
	}
	s.Pods = append(s.Pods, p)
	return nil
}

// ownerOf is the name of the ReplicaSet that controls pod, or "".
func ownerOf(pod *corev1.Pod) string {
	if owner := metav1.GetControllerOf(pod); owner != nil && owner.Kind == "ReplicaSet" && owner.APIVersion == "apps/v1" {
		return owner.Name
	}
	return ""
}

// routerLabels are those by which routers, their Services and their policies find pods.
func routerLabels(all map[string]string) map[string]string {
	out := map[string]string{}
	for _, key := range []string{"app", egress.LabelName, egress.LabelInstance, egress.LabelManagedBy} {
		if value, ok := all[key]; ok {
			out[key] = value
		}
	}
	return out
}

// sandboxFailed is the reason of the events that say why a pod has no network.
const sandboxFailed = "FailedCreatePodSandBox"

// manyEvents is how many events of a pod are kept.
const manyEvents = 5

// Events gives the pods that hang, in the namespace asked for or in all, the warnings about their network: one list,
// and none where no pod hangs. What else may hold a pod up is in its own status.
func Events(ctx context.Context, c *cluster.Client, s *snapshot.Snapshot, o Options) error {
	hanging := map[string]*snapshot.Pod{}
	in := map[string]bool{}
	for i := range s.Pods {
		if p := &s.Pods[i]; hangs(p) && (o.Namespace == "" || p.Namespace == o.Namespace) {
			hanging[p.UID] = p
			in[p.Namespace] = true
		}
	}
	if len(hanging) == 0 {
		return nil
	}
	if len(in) == 1 {
		for namespace := range in {
			o = Options{Namespace: namespace}
		}
	}
	events := cluster.Reads(cluster.Events, func(_ *snapshot.Snapshot, event *corev1.Event) error {
		if pod := hanging[string(event.InvolvedObject.UID)]; pod != nil {
			pod.Events = append(pod.Events, eventOf(event))
		}
		return nil
	})
	events.Fields = "reason=" + sandboxFailed
	part, err := One(ctx, c, events, o)
	if err != nil {
		return err
	}
	Merge(s, part)
	for _, pod := range hanging {
		slices.SortStableFunc(pod.Events, func(a, b snapshot.Event) int { return b.Last.Compare(a.Last) })
		// A list that was read again has them twice.
		pod.Events = slices.Compact(pod.Events)
		pod.Events = pod.Events[:min(len(pod.Events), manyEvents)]
	}
	return nil
}

// hangs reports whether p should be at work and is not.
func hangs(p *snapshot.Pod) bool {
	return !p.Ready && !p.Deleting && p.Phase != string(corev1.PodSucceeded) && p.Phase != string(corev1.PodFailed)
}

// eventOf reads an event of either API: newer ones count in a series, and have no last time of their own.
func eventOf(event *corev1.Event) snapshot.Event {
	out := snapshot.Event{Reason: event.Reason, Message: event.Message, Count: event.Count, Last: event.LastTimestamp.UTC()}
	if series := event.Series; series != nil {
		out.Count, out.Last = series.Count, series.LastObservedTime.UTC()
	}
	if out.Last.IsZero() {
		out.Last = event.EventTime.UTC()
	}
	return out
}

// podState is what kubectl shows as a pod's status, with the cause where the pod itself tells.
func podState(pod *corev1.Pod) string {
	for _, status := range pod.Status.ContainerStatuses {
		if waiting := status.State.Waiting; waiting != nil && waiting.Reason != "" {
			return joined(waiting.Reason, waiting.Message)
		}
		if ended := status.State.Terminated; ended != nil {
			return joined(ended.Reason, ended.Message)
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return joined("not scheduled", condition.Message)
		}
	}
	return string(cmp.Or(pod.Status.Phase, corev1.PodPending))
}

func joined(reason, message string) string {
	if message == "" {
		return reason
	}
	return reason + " (" + message + ")"
}

// networksOf reads pod's network-status.
func networksOf(pod *corev1.Pod) ([]nadv1.NetworkStatus, error) {
	text := pod.Annotations[egress.AnnotationNetworkStatus]
	if text == "" {
		return nil, nil
	}
	var statuses []nadv1.NetworkStatus
	if err := json.Unmarshal([]byte(text), &statuses); err != nil {
		return nil, fmt.Errorf("reading its network-status: %w", err)
	}
	return statuses, nil
}

// net1In is the entry of net1, or nil.
func net1In(statuses []nadv1.NetworkStatus) *nadv1.NetworkStatus {
	if i := slices.IndexFunc(statuses, func(s nadv1.NetworkStatus) bool { return s.Interface == egress.Interface }); i >= 0 {
		return &statuses[i]
	}
	return nil
}
