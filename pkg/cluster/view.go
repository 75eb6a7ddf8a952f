package cluster

import (
	"fmt"
	"strings"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// view is what the cluster holds of one router at one moment. What it says of that is pure.
type view struct {
	target     Target
	nad        *nadv1.NetworkAttachmentDefinition
	deployment *appsv1.Deployment
	// live is deployment as the server sent it.
	live *unstructured.Unstructured
	pods []*corev1.Pod
}

// The steps of a router on its way, of which some have a cause that lies elsewhere in the cluster.
const (
	stepNAD = iota
	stepDeployment
	stepPod
	stepReady
)

// newView types the lists of NADs, Deployments and pods. Pods that are going are left out.
func newView(t Target, lists [][]*unstructured.Unstructured) (*view, error) {
	v := &view{target: t}
	if len(lists[0]) > 0 {
		v.nad = &nadv1.NetworkAttachmentDefinition{}
		if err := typed(lists[0][0], v.nad); err != nil {
			return nil, err
		}
	}
	if len(lists[1]) > 0 {
		v.live, v.deployment = lists[1][0], &appsv1.Deployment{}
		if err := typed(lists[1][0], v.deployment); err != nil {
			return nil, err
		}
	}
	for _, object := range lists[2] {
		pod := &corev1.Pod{}
		if err := typed(object, pod); err != nil {
			return nil, err
		}
		if pod.DeletionTimestamp == nil {
			v.pods = append(v.pods, pod)
		}
	}
	return v, nil
}

func typed(from *unstructured.Unstructured, to any) error {
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(from.Object, to); err != nil {
		return fmt.Errorf("reading %s in namespace %s: %w", Name(from), from.GetNamespace(), err)
	}
	return nil
}

// progress says at which step the router is, and why it is not further; "" where it serves.
func (v *view) progress() (step int, reason string) {
	if reason := v.nadReason(); reason != "" {
		return stepNAD, reason
	}
	if reason := v.deploymentReason(); reason != "" {
		return stepDeployment, reason
	}
	for _, pod := range v.pods {
		if !ready(pod) {
			return stepPod, fmt.Sprintf("pod %s is %s", pod.Name, podState(pod))
		}
	}
	if reason := v.rolloutReason(); reason != "" {
		return stepDeployment, reason
	}
	for _, pod := range v.pods {
		if reason := v.netReason(pod); reason != "" {
			return stepReady, reason
		}
	}
	return stepReady, ""
}

// nadReason says what is wrong with the NAD, or "".
func (v *view) nadReason() string {
	name := v.target.Provisioner.NADName(v.target.Router.Name)
	if v.nad == nil {
		if v.target.Provisioner == egress.Standalone {
			return "NAD " + name + " is gone: another has deleted it"
		}
		return "the Cluster Network Operator has not made NAD " + name + " yet"
	}
	if other := v.otherOwner(); other != "" {
		return fmt.Sprintf("NAD %s belongs to the router %s: the operator serves one router in a namespace (EGR113)", name, other)
	}
	network, err := render.ReadNetwork(v.nad.Spec.Config)
	if err != nil {
		return fmt.Sprintf("NAD %s: %v", name, err)
	}
	if !network.Equal(render.Want(v.target.Router, v.target.Provisioner)) {
		return "NAD " + name + " does not hold the router's address and rules yet"
	}
	return ""
}

// otherOwner names the router that the NAD belongs to, where that is not this one.
func (v *view) otherOwner() string {
	other := ""
	for _, owner := range v.nad.OwnerReferences {
		if owner.Kind != egress.Kind.Kind {
			continue
		}
		if owner.Name == v.target.Router.Name {
			return ""
		}
		other = owner.Name
	}
	return other
}

// deploymentReason says why there is no pod, or "".
func (v *view) deploymentReason() string {
	name := v.target.Provisioner.DeploymentName(v.target.Router.Name)
	if v.deployment == nil {
		return "Deployment " + name + " is not there yet"
	}
	for _, condition := range v.deployment.Status.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
			return fmt.Sprintf("Deployment %s cannot make its pod: %s", name, condition.Message)
		}
	}
	if v.deployment.Status.ObservedGeneration < v.deployment.Generation || len(v.pods) == 0 {
		return "Deployment " + name + " has not made its pod yet"
	}
	return ""
}

// rolloutReason says what keeps the Deployment from being available with pods of its newest template.
func (v *view) rolloutReason() string {
	d := v.deployment
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	if want == 0 {
		return "Deployment " + d.Name + " is scaled to 0"
	}
	if d.Status.UpdatedReplicas < want || d.Status.Replicas > d.Status.UpdatedReplicas || d.Status.AvailableReplicas < want {
		return "Deployment " + d.Name + " is not available yet"
	}
	return ""
}

// netReason says what keeps pod from having the reserved address, or "".
func (v *view) netReason(pod *corev1.Pod) string {
	reserved := egress.ReservedIP(v.target.Router)
	net1, err := net1Of(pod)
	switch {
	case err != nil:
		return fmt.Sprintf("pod %s: %v", pod.Name, err)
	case net1 == nil:
		return fmt.Sprintf("pod %s runs, but its network-status has no %s: Multus has not attached it", pod.Name, egress.Interface)
	case !hasIP(net1.IPs, reserved):
		return fmt.Sprintf("pod %s has %s on %s, not the reserved %s", pod.Name, strings.Join(net1.IPs, ", "), egress.Interface, reserved)
	}
	return ""
}

// stale reports whether an operator's pod runs older rules than the NAD holds. The plugin reads the NAD only
// as a pod starts, and the operator's template does not change with the rules, so nothing else restarts it.
func (v *view) stale() bool {
	if v.target.Provisioner == egress.Standalone || v.nadReason() != "" || v.deployment == nil || len(v.pods) == 0 {
		return false
	}
	if v.deployment.Spec.Template.Annotations[egress.AnnotationNADHash] == render.Hash(v.nad.Spec.Config) {
		return false
	}
	changed := lastChange(v.nad)
	for _, pod := range v.pods {
		if pod.CreationTimestamp.Before(&changed) {
			return true
		}
		// Times count in seconds. Within one, only a NAD that was never changed is surely older.
		if pod.CreationTimestamp.Equal(&changed) && v.nad.Generation > 1 {
			return true
		}
	}
	return false
}

// lastChange is when the NAD's content last changed, as far as the server tells.
func lastChange(nad *nadv1.NetworkAttachmentDefinition) metav1.Time {
	last := nad.CreationTimestamp
	if nad.Generation <= 1 {
		return last
	}
	for _, entry := range nad.ManagedFields {
		if entry.Time != nil && last.Before(entry.Time) {
			last = *entry.Time
		}
	}
	return last
}
