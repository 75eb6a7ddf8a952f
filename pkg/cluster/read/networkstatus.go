package read

import (
	"encoding/json"
	"fmt"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

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
	for i := range statuses {
		if statuses[i].Interface == egress.Interface {
			return &statuses[i]
		}
	}
	return nil
}
