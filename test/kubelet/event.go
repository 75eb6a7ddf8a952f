package kubelet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func source(pod *corev1.Pod) corev1.EventSource {
	return corev1.EventSource{Component: "kubelet", Host: pod.Spec.NodeName}
}

// recordSandboxFailure tells of a failed network as a kubelet on CRI-O does, and puts what the plugin
// wrote to its log on the node where a test can read it.
func (k *kubelet) recordSandboxFailure(ctx context.Context, pod *corev1.Pod, failed *sandboxError) error {
	id := digest(string(pod.UID))
	message := fmt.Sprintf(`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create pod network sandbox k8s_%s_%s_%s_0(%s): `+
		`error adding pod %s_%s to CNI network "multus-cni-network": plugin type="multus-shim" name="multus-cni-network" failed (add): `+
		`CmdAdd (shim): CNI request failed with status 400: 'ContainerID:"%s" IfName:"eth0" Path:"" `+
		`ERRORED: error configuring pod [%s/%s] networking: %s'`,
		pod.Name, pod.Namespace, pod.UID, id, pod.Namespace, pod.Name, id, pod.Namespace, pod.Name, failed)
	if err := k.record(ctx, pod, source(pod), "FailedCreatePodSandBox", message); err != nil {
		return err
	}
	silent := (*swallowed)(nil)
	if !errors.As(failed, &silent) || pod.Annotations[PluginLogAnnotation] == silent.cause.Error() {
		return nil
	}
	before := pod.DeepCopy()
	metav1.SetMetaDataAnnotation(&pod.ObjectMeta, PluginLogAnnotation, silent.cause.Error())
	return client.IgnoreNotFound(k.client.Patch(ctx, pod, client.MergeFrom(before)))
}

// record writes a warning about the pod; said again, it counts up.
func (k *kubelet) record(ctx context.Context, pod *corev1.Pod, from corev1.EventSource, reason, message string) error {
	event := &corev1.Event{ObjectMeta: metav1.ObjectMeta{
		Namespace: pod.Namespace,
		Name:      pod.Name + "." + digest(string(pod.UID) + reason + message)[:16],
	}}
	err := k.client.Get(ctx, client.ObjectKeyFromObject(event), event)
	if err == nil {
		before := event.DeepCopy()
		event.Count++
		event.LastTimestamp = metav1.Now()
		return k.client.Patch(ctx, event, client.MergeFrom(before))
	}
	if !apierrors.IsNotFound(err) {
		return err
	}
	event.InvolvedObject = corev1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
	}
	event.Type, event.Reason, event.Message = corev1.EventTypeWarning, reason, message
	event.Source, event.ReportingController, event.ReportingInstance = from, from.Component, from.Host
	event.Count, event.FirstTimestamp = 1, metav1.Now()
	event.LastTimestamp = event.FirstTimestamp
	// A namespace that is being deleted takes no more events.
	if err := k.client.Create(ctx, event); err != nil && !apierrors.IsForbidden(err) && !apierrors.IsNotFound(err) {
		return fmt.Errorf("recording %s of pod %s: %w", reason, pod.Name, err)
	}
	return nil
}

func digest(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:])
}
