package report

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func TestFailoverAfter(t *testing.T) {
	half := int64(30)
	notReady := corev1.Toleration{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, TolerationSeconds: &half}
	unreachable := notReady
	unreachable.Key = corev1.TaintNodeUnreachable
	for name, test := range map[string]struct {
		tolerations []corev1.Toleration
		want, text  string
	}{
		"the server's": {nil, "", "<none>"},
		"both":         {[]corev1.Toleration{notReady, unreachable}, "30s", "failover after 30s"},
		// Of the other the server has the last word.
		"one": {[]corev1.Toleration{notReady}, "5m0s", "failover after 5m0s"},
		"all": {[]corev1.Toleration{{Operator: corev1.TolerationOpExists}}, "never", "no failover"},
	} {
		got := failoverAfter(&snapshot.Deployment{Template: corev1.PodSpec{Tolerations: test.tolerations}})
		text := deploymentText(StatusJSON{Deployment: &DeploymentStatus{Name: "a", Strategy: "Recreate", FailoverAfter: got}})
		if got != test.want || !strings.HasSuffix(text, ", "+test.text) {
			t.Errorf("%s: got %q, %q, want %q, %q", name, got, text, test.want, test.text)
		}
	}
}
