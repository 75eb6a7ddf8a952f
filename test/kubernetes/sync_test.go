//go:build kubernetes

package kubernetes

import (
	"encoding/json"
	"maps"
	"time"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
)

// follows NAME ADDRESS waits, for at most a minute, until a router has a pod with net1 that is not on NODE, and
// Neutron allows ADDRESS with its MAC on that pod's node and on no other. It sets NODE, MAC, and PORT to the ID
// of the node's port, and says how long the pair took.
func follows(ts *testscript.TestScript, client kubernetes.Interface, n *Neutron, args []string) {
	deadline := time.Now().Add(time.Minute)
	var since time.Time
	var want map[string]string
	for {
		allowed := n.Allowing(args[1])
		if want == nil {
			if want = attached(ts, routerPods(ts, client, args[0])); want != nil {
				since = time.Now()
			}
		}
		if want != nil && maps.Equal(allowed, want) {
			ts.Logf("the pair stands %d ms after the pod's network-status", time.Since(since).Milliseconds())
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s is allowed on %v, want %v", args[1], allowed, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
	for node, mac := range want {
		ts.Setenv("NODE", node)
		ts.Setenv("MAC", mac)
		ts.Setenv("PORT", n.PortID(node))
	}
}

// attached is the MAC by node of the one pod that stays, is not on NODE, and has its net1; nil where there is none.
func attached(ts *testscript.TestScript, pods []corev1.Pod) map[string]string {
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil || pod.Spec.NodeName == ts.Getenv("NODE") {
			continue
		}
		var networks []nettypes.NetworkStatus
		if json.Unmarshal([]byte(pod.Annotations[nettypes.NetworkStatusAnnot]), &networks) != nil {
			continue // not written yet
		}
		for _, network := range networks {
			if network.Interface == routerNIC {
				return map[string]string{pod.Spec.NodeName: network.Mac}
			}
		}
	}
	return nil
}
