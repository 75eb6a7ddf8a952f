package cluster

import (
	"strings"
	"testing"
	"time"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

const config = `{"type":"egress-router","ip":{"addresses":["192.168.12.99/24"],"destinations":["8080 TCP 203.0.113.26 80"],"gateway":"192.168.12.1"}}`

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// serving is the view of an operator's router that serves; changes make it what a test is about.
func serving(changes ...func(*view)) *view {
	one := int32(1)
	r := &nov1.EgressRouter{}
	r.Name, r.Namespace = "partner-a", "billing"
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: "192.168.12.99/24", Gateway: "192.168.12.1"}}
	r.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{{Port: 8080, Protocol: "TCP", DestinationIP: "203.0.113.26", TargetPort: 80}}}
	nad := &nadv1.NetworkAttachmentDefinition{Spec: nadv1.NetworkAttachmentDefinitionSpec{Config: config}}
	nad.Generation, nad.CreationTimestamp = 1, metav1.NewTime(noon)
	d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &one}, Status: appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}}
	pod := &corev1.Pod{}
	pod.Name, pod.CreationTimestamp = "pod", metav1.NewTime(noon)
	pod.Annotations = map[string]string{egress.AnnotationNetworkStatus: `[{"name":"x","interface":"eth0","ips":["10.0.0.1"]},{"name":"y","interface":"net1","ips":["192.168.12.99"]}]`}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	v := &view{target: Target{Router: r, Provisioner: egress.Operator}, nad: nad, deployment: d, pods: []*corev1.Pod{pod}}
	for _, change := range changes {
		change(v)
	}
	return v
}

func unready(v *view) { v.pods[0].Status.Conditions = nil }

func TestProgress(t *testing.T) {
	tests := []struct {
		name   string
		view   *view
		reason string
	}{
		{"serves", serving(), ""},
		{"no NAD", serving(func(v *view) { v.nad = nil }), "the Cluster Network Operator has not made NAD egress-router-cni-nad yet"},
		{"no NAD, standalone", serving(func(v *view) { v.nad = nil; v.target.Provisioner = egress.Standalone }), "NAD partner-a is gone"},
		{"another's NAD", serving(func(v *view) {
			v.nad.OwnerReferences = []metav1.OwnerReference{{Kind: "EgressRouter", Name: "partner-b"}}
		}), "belongs to the router partner-b"},
		{"a NAD of both", serving(func(v *view) {
			v.nad.OwnerReferences = []metav1.OwnerReference{{Kind: "EgressRouter", Name: "partner-b"}, {Kind: "EgressRouter", Name: "partner-a"}}
		}), ""},
		{"an older NAD", serving(func(v *view) { v.nad.Spec.Config = strings.Replace(config, "8080", "8081", 1) }), "does not hold the router's address and rules yet"},
		{"a NAD that is none", serving(func(v *view) { v.nad.Spec.Config = "{" }), "reading the NAD's config"},
		{"no Deployment", serving(func(v *view) { v.deployment = nil }), "Deployment egress-router-cni-deployment is not there yet"},
		{"no pod", serving(func(v *view) { v.pods = nil }), "has not made its pod yet"},
		{"no pod allowed", serving(func(v *view) {
			v.pods = nil
			v.deployment.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: "exceeded quota"}}
		}), "cannot make its pod: exceeded quota"},
		{"an older generation", serving(func(v *view) { v.deployment.Generation = 2 }), "has not made its pod yet"},
		{"a pod that waits", serving(unready, func(v *view) {
			v.pods[0].Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}}
		}), "pod pod is ContainerCreating"},
		{"a pod that nobody takes", serving(unready, func(v *view) {
			v.pods[0].Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/2 nodes"}}
		}), "pod pod is not scheduled (0/2 nodes)"},
		{"a roll-out under way", serving(func(v *view) { v.deployment.Status.Replicas = 2 }), "is not available yet"},
		{"scaled down", serving(func(v *view) { *v.deployment.Spec.Replicas = 0 }), "is scaled to 0"},
		{"no network-status", serving(func(v *view) { v.pods[0].Annotations = nil }), "its network-status has no net1"},
		{"another address", serving(func(v *view) {
			v.pods[0].Annotations[egress.AnnotationNetworkStatus] = `[{"interface":"net1","ips":["192.168.12.100"]}]`
		}), "has 192.168.12.100 on net1, not the reserved 192.168.12.99"},
		{"a network-status that is none", serving(func(v *view) { v.pods[0].Annotations[egress.AnnotationNetworkStatus] = `{` }), "reading its network-status"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, reason := test.view.progress()
			if test.reason == "" && reason != "" || !strings.Contains(reason, test.reason) {
				t.Errorf("got %q, want %q", reason, test.reason)
			}
		})
	}
}

// changed makes the NAD one that changed at the time given.
func changed(at time.Time) func(*view) {
	return func(v *view) {
		stamp := metav1.NewTime(at)
		v.nad.Generation, v.nad.CreationTimestamp = 2, metav1.NewTime(noon.Add(-time.Hour))
		v.nad.ManagedFields = []metav1.ManagedFieldsEntry{{Time: &stamp}}
	}
}

func TestStale(t *testing.T) {
	restarted := func(v *view) {
		v.deployment.Spec.Template.Annotations = map[string]string{egress.AnnotationNADHash: render.Hash(config)}
	}
	tests := []struct {
		name string
		view *view
		want bool
	}{
		{"made together", serving(), false},
		{"changed since", serving(changed(noon.Add(time.Second))), true},
		{"changed within the second", serving(changed(noon)), true},
		{"changed before", serving(changed(noon.Add(-time.Second))), false},
		{"restarted for this NAD", serving(changed(noon.Add(time.Second)), restarted), false},
		{"restarted for another", serving(changed(noon.Add(time.Second)), restarted, func(v *view) {
			v.deployment.Spec.Template.Annotations[egress.AnnotationNADHash] = "other"
		}), true},
		{"made anew", serving(func(v *view) { v.nad.CreationTimestamp = metav1.NewTime(noon.Add(time.Second)) }), true},
		{"not changed yet", serving(changed(noon.Add(time.Second)), func(v *view) { v.nad.Spec.Config = strings.Replace(config, "8080", "8081", 1) }), false},
		{"no pod", serving(changed(noon.Add(time.Second)), func(v *view) { v.pods = nil }), false},
		{"standalone", serving(changed(noon.Add(time.Second)), func(v *view) { v.target.Provisioner = egress.Standalone }), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.view.stale(); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	target := serving().target
	for message, want := range map[string]bool{
		"could not reconcile Egress Router billing/partner-a: no gateway": true,
		"router \"partner-a\" in namespace \"billing\".":                  true,
		"could not reconcile billing/partner-ab":                          false,
		"could not reconcile old-billing/partner-a":                       false,
		"DaemonSet multus is not available":                               false,
	} {
		if got := names(message, target); got != want {
			t.Errorf("%q: got %t", message, got)
		}
	}
}
