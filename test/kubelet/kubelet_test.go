package kubelet

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// fixedMAC is a router's configuration as a list, with the MAC of its second plugin.
const fixedMAC = `{"cniVersion":"0.4.0","name":"fixed","plugins":[` +
	`{"type":"egress-router","ip":{"addresses":["192.168.12.99/24"],"gateway":"192.168.12.1","destinations":["80 TCP 203.0.113.26"]}},` +
	`{"type":"tuning","mac":"02:e6:c0:a8:0c:63"}]}`

const goodConfig = `{"cniVersion":"0.4.0","type":"egress-router","name":"r",` +
	`"ip":{"addresses":["192.168.12.98/24"],"gateway":"192.168.12.1","destinations":["80 TCP 203.0.113.26"]}}`

const badConfig = `{"cniVersion":"0.4.0","type":"egress-router","name":"r",` +
	`"ip":{"addresses":["192.168.12.98/24"],"gateway":"192.168.12.1","destinations":["80 TCP 203.0.113.0/24"]}}`

func TestDeploymentBecomesAvailable(t *testing.T) {
	b := newNamespace(t)
	b.nad(t, "fixed", fixedMAC)
	labels := map[string]string{"app": "r"}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: b.name, Name: "r"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{nettypes.NetworkAttachmentAnnot: "fixed"}},
				Spec:       podSpec(nil),
			},
		},
	}
	b.create(t, deployment)
	b.create(t, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: b.name, Name: "r"},
		Spec:       corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 80}}},
	})
	b.awaitAvailable(t, deployment)
	eventually(t, "the Service has an endpoint", func(ctx context.Context) (bool, error) {
		var slices discoveryv1.EndpointSliceList
		err := shared.client.List(ctx, &slices, client.InNamespace(b.name))
		return len(slices.Items) == 1 && len(slices.Items[0].Endpoints) == 1 && *slices.Items[0].Endpoints[0].Conditions.Ready, err
	})

	// The MAC is free again when the old pod is gone, so a roll-out by Recreate passes.
	b.patch(t, deployment, `{"spec":{"template":{"metadata":{"labels":{"app":"r","again":"1"}}}}}`)
	eventually(t, "the old pod is replaced", func(ctx context.Context) (bool, error) {
		var pods corev1.PodList
		err := shared.client.List(ctx, &pods, client.InNamespace(b.name), client.MatchingLabels{"again": "1"})
		return len(pods.Items) == 1 && pods.Items[0].Status.Phase == corev1.PodRunning, err
	})
	b.awaitAvailable(t, deployment)
}

// fixedStatus is what Multus writes of fixedMAC, given the pod's address and MAC on eth0, and its namespace.
const fixedStatus = `[
    {
        "name": "ovn-kubernetes",
        "interface": "eth0",
        "ips": [
            "%s"
        ],
        "mac": "%s",
        "default": true,
        "dns": {}
    },
    {
        "name": "%s/fixed",
        "interface": "net1",
        "ips": [
            "192.168.12.99"
        ],
        "mac": "02:e6:c0:a8:0c:63",
        "dns": {}
    }
]`

func TestNetworkStatus(t *testing.T) {
	b := newNamespace(t)
	b.nad(t, "fixed", fixedMAC)
	b.nad(t, "random", goodConfig)
	b.pod(t, "a", "fixed", nil)
	b.pod(t, "b", `[{"name":"random","default-route":["192.168.12.1"]}]`, nil)

	a := b.awaitRunning(t, "a")
	want := fmt.Sprintf(fixedStatus, a.Status.PodIP, clusterMAC(a.Status.PodIP), b.name)
	if got := a.Annotations[nettypes.NetworkStatusAnnot]; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}

	other := b.awaitRunning(t, "b")
	if other.Status.PodIP == a.Status.PodIP || !strings.HasPrefix(other.Status.PodIP, "10.128.") {
		t.Errorf("pod addresses %s and %s", a.Status.PodIP, other.Status.PodIP)
	}
	links, err := linksOf(other)
	if err != nil || len(links) != 2 || links[1].IPs[0] != "192.168.12.98" || !strings.ContainsRune("26ae", rune(links[1].Mac[1])) {
		t.Errorf("got %+v, %v: want 192.168.12.98 and a local MAC", links, err)
	}
}

func TestMaskedFailureAndItsEnd(t *testing.T) {
	b := newNamespace(t)
	nad := b.nad(t, "r", badConfig)
	b.pod(t, "p", "r", nil)
	message := b.awaitEvent(t, "p", "FailedCreatePodSandBox")
	if want := `error adding container to network "r": failed to unmarshal raw result: unexpected end of JSON input`; !strings.Contains(message, want) {
		t.Errorf("got %s\nwant %s in it", message, want)
	}
	if strings.Contains(message, "203.0.113.0") {
		t.Errorf("the message tells the cause: %s", message)
	}
	pod := b.get(t, "p")
	if waiting := pod.Status.ContainerStatuses[0].State.Waiting; pod.Status.Phase != corev1.PodPending || waiting == nil || waiting.Reason != "ContainerCreating" {
		t.Errorf("got %s, %+v, want ContainerCreating", pod.Status.Phase, waiting)
	}
	b.patch(t, nad, patchConfig(t, goodConfig))
	pod = b.awaitRunning(t, "p")
	if log := pod.Annotations[PluginLogAnnotation]; log != "" {
		t.Errorf("the log of the failure stays: %s", log)
	}
}

func TestMissingNetworkIsSaidClearly(t *testing.T) {
	b := newNamespace(t)
	b.pod(t, "p", "nowhere", nil)
	if message, want := b.awaitEvent(t, "p", "FailedCreatePodSandBox"), "cannot find a network-attachment-definition (nowhere)"; !strings.Contains(message, want) {
		t.Errorf("got %s\nwant %s in it", message, want)
	}
}

// The plugin reads the rules as a pod starts and never again.
func TestChangedRulesDoNotReachARunningPod(t *testing.T) {
	b := newNamespace(t)
	nad := b.nad(t, "r", goodConfig)
	b.pod(t, "old", "r", nil)
	b.awaitRunning(t, "old")
	b.patch(t, nad, patchConfig(t, strings.Replace(goodConfig, "80 TCP", "443 TCP", 1)))
	b.pod(t, "new", "r", nil)
	for name, want := range map[string]string{"new": `["443 TCP 203.0.113.26"]`, "old": `["80 TCP 203.0.113.26"]`} {
		if got := b.awaitRunning(t, name).Annotations[DestinationsAnnotation]; got != want {
			t.Errorf("%s runs with %s, want %s", name, got, want)
		}
	}
}

func TestOneMACOnceANode(t *testing.T) {
	b := newNamespace(t)
	b.nad(t, "fixed", strings.Replace(fixedMAC, "0c:63", "0c:64", 1))
	on := func(node string) map[string]string { return map[string]string{corev1.LabelHostname: node} }
	b.pod(t, "first", "fixed", on("worker-1"))
	first := b.awaitRunning(t, "first")
	b.pod(t, "elsewhere", "fixed", on("worker-2"))
	b.awaitRunning(t, "elsewhere") // nothing detects it
	b.pod(t, "second", "fixed", on("worker-1"))
	if message := b.awaitEvent(t, "second", "FailedCreatePodSandBox"); !strings.Contains(message, `error adding container to network "fixed"`) {
		t.Errorf("got %s", message)
	}
	if err := shared.client.Delete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	b.awaitRunning(t, "second")
}

func TestAsleepAndWithoutImages(t *testing.T) {
	b := newNamespace(t)
	b.annotate(t, PauseAnnotation, `"asleep"`)
	b.annotate(t, ImagePullAnnotation, `"fail"`)
	b.pod(t, "p", "", nil)
	time.Sleep(2 * pause)
	if pod := b.get(t, "p"); pod.Spec.NodeName != "" {
		t.Errorf("it was bound to %s by sleepers", pod.Spec.NodeName)
	}
	b.annotate(t, PauseAnnotation, "null")
	if message := b.awaitEvent(t, "p", "Failed"); !strings.Contains(message, `pulling image "nothing:1"`) {
		t.Errorf("got %s", message)
	}
	if waiting := b.get(t, "p").Status.ContainerStatuses[0].State.Waiting; waiting == nil || waiting.Reason != "ImagePullBackOff" {
		t.Errorf("got %+v", waiting)
	}
	b.annotate(t, ImagePullAnnotation, "null")
	b.awaitRunning(t, "p")
}

// A pod that Multus passes over runs with the cluster network alone.
func TestPassedOver(t *testing.T) {
	b := newNamespace(t)
	b.annotate(t, MultusAnnotation, `"asleep"`)
	b.nad(t, "r", goodConfig)
	b.pod(t, "p", "r", nil)
	links, err := linksOf(b.awaitRunning(t, "p"))
	if err != nil || len(links) != 1 || links[0].Name != "ovn-kubernetes" || !links[0].Default {
		t.Errorf("got %+v, %v: want the cluster network alone", links, err)
	}
}

// Without Multus nobody reads the annotation, and the pod runs without its second network.
func TestWithoutMultus(t *testing.T) {
	stop, c, err := startCluster(kube.Options{NoMultus: true}, Options{Nodes: []string{"only"}, Network: "cbr0"})
	if stop != nil {
		t.Cleanup(stop)
	}
	if err != nil {
		t.Fatal(err)
	}
	pod := namespace{name: "default"}.newPod("p", "fixed", nil)
	if err := c.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the pod runs", func(ctx context.Context) (bool, error) {
		err := c.Get(ctx, client.ObjectKeyFromObject(pod), pod)
		return pod.Status.Phase == corev1.PodRunning && pod.Status.PodIP != "", err
	})
	if status := pod.Annotations[nettypes.NetworkStatusAnnot]; status != "" {
		t.Errorf("there is a network status: %s", status)
	}
	// Of another cluster network than OVN-Kubernetes the node has no annotations, and a pod that asks for no
	// network a status that names it.
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "only"}}
	plain := namespace{name: "default"}.newPod("plain", "", nil)
	if err := c.Create(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the plain pod runs", func(ctx context.Context) (bool, error) {
		err := c.Get(ctx, client.ObjectKeyFromObject(plain), plain)
		return plain.Status.Phase == corev1.PodRunning, err
	})
	if links, err := linksOf(plain); err != nil || len(links) != 1 || links[0].Name != "cbr0" {
		t.Errorf("got %+v, %v", links, err)
	}
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(node), node); err != nil || len(node.Annotations) != 0 {
		t.Errorf("the node has %q, %v", node.Annotations, err)
	}
}
