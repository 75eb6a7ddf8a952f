package read

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// FuzzNetworkStatus reads the network-status of a pod, which anybody may have written who may write pods.
func FuzzNetworkStatus(f *testing.F) {
	for _, seed := range []string{
		`[{"name":"x","interface":"eth0","ips":["10.0.0.1"]},{"name":"billing/partner-a","interface":"net1","ips":["192.168.12.99"],"mac":"02:e6:c0:a8:0c:63","dns":{},"gateway":["192.168.12.1"]}]`,
		`[{"interface":"net1","ips":["192.168.12.99/24","::ffff:192.168.12.99","192.168.12.099"]}]`,
		`[{"interface":"net1"}]`, `[{"interface":"net1","ips":null,"device-info":{"type":"pci","pci":null}}]`, `[{"INTERFACE":"net1","ips":["192.168.12.99/"]}]`,
		"", " ", "{", "{}", "null", "[]", "[null]", "0", `"net1"`, `[{"interface":1}]`, `[{"interface":"net1","ips":"192.168.12.99"}]`,
		`[{"interface":"net1","ips":["192.168.12.99%net1","\u001b[2J"]}]`, strings.Repeat("[", 20_000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pod := &corev1.Pod{}
		pod.Annotations = map[string]string{egress.AnnotationNetworkStatus: text}
		statuses, err := networksOf(pod)
		net1 := net1In(statuses)
		if err != nil {
			if net1 != nil || !strings.HasPrefix(err.Error(), "reading its network-status: ") {
				t.Errorf("%q: %+v and %v", text, net1, err)
			}
			return
		}
		if net1 != nil && net1.Interface != egress.Interface {
			t.Errorf("%q: %+v is not %s", text, net1, egress.Interface)
		}
	})
}
