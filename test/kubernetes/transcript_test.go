//go:build kubernetes

package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/test/transcript"
)

// play plays transcripts side by side, each in a namespace that has a client on each node.
func play(t *testing.T, c *Cluster, files ...string) { playWith(t, c, nil, files...) }

// playWith plays them with a Neutron under the nodes; nil: none.
func playWith(t *testing.T, c *Cluster, n *Neutron, files ...string) {
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files:         files,
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			if n != nil {
				e.Setenv("OS_CLIENT_CONFIG_FILE", n.CloudsYAML)
				e.Setenv("OS_CLOUD", "k8s")
			}
			return setup(e, c)
		},
		Condition: func(name string) (bool, error) {
			if name != "stand-ins" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return standIns(), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"eventually": transcript.Eventually(time.Minute, 200*time.Millisecond),
			"service":    func(ts *testscript.TestScript, _ bool, args []string) { service(ts, client, args) },
			"router":     func(ts *testscript.TestScript, _ bool, args []string) { router(ts, client, args) },
			"elsewhere":  func(ts *testscript.TestScript, _ bool, args []string) { elsewhere(ts, client, args) },
			"power-off":  func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(c.PowerOff(args[0])) },
			"plugin-log": func(ts *testscript.TestScript, _ bool, args []string) { pluginLog(ts, c, args) },
			"take-away":  func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(c.TakeAway(args[0], args[1])) },
			"put-back":   func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(c.PutBack(args[0], args[1])) },
			"pod-ip":     func(ts *testscript.TestScript, _ bool, args []string) { podIP(ts, client, args) },
			"inbound":    func(ts *testscript.TestScript, neg bool, args []string) { inbound(ts, neg, c, args) },

			"follows":       func(ts *testscript.TestScript, _ bool, args []string) { follows(ts, client, n, args) },
			"holders":       func(ts *testscript.TestScript, _ bool, args []string) { holders(ts, c, args) },
			"watch-holders": func(ts *testscript.TestScript, _ bool, args []string) { watchHolders(ts, c, args) },
			"held-by":       func(ts *testscript.TestScript, _ bool, args []string) { heldBy(ts, args) },
		},
	})
}

// setup makes the transcript's namespace, named like the file, and its clients.
func setup(e *testscript.Env, c *Cluster) error {
	namespace := strings.TrimPrefix(filepath.Base(e.WorkDir), "script-")
	kubeconfig := filepath.Join(e.WorkDir, "kubeconfig")
	text, err := os.ReadFile(c.Kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the admin kubeconfig: %w", err)
	}
	if err := os.WriteFile(kubeconfig, text, 0o600); err != nil {
		return fmt.Errorf("writing a kubeconfig: %w", err)
	}
	clients, err := filepath.Abs(filepath.Join("testdata", "clients.yaml"))
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"create", "namespace", namespace},
		{"config", "set-context", "--current", "--namespace", namespace},
		{"apply", "-f", clients},
		{"wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s"},
	} {
		cmd := exec.Command(filepath.Join(c.Bin, "kubectl"), append([]string{"--kubeconfig", kubeconfig}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	e.Setenv("PATH", c.Bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
	e.Setenv("KUBECONFIG", kubeconfig)
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("NS", namespace)
	e.Values[watchKey] = &watch{}
	return nil
}

// service VARIABLE NAME sets a variable to the address of a Service: no name service runs in the cluster.
func service(ts *testscript.TestScript, client kubernetes.Interface, args []string) {
	found, err := client.CoreV1().Services(ts.Getenv("NS")).Get(context.Background(), args[1], metav1.GetOptions{})
	ts.Check(err)
	ts.Setenv(args[0], found.Spec.ClusterIP)
}

// router NAME sets NODE and MAC to the node of a router's pod and, with colons, the MAC that Multus says its
// net1 has. There must be one pod, and one only.
func router(ts *testscript.TestScript, client kubernetes.Interface, args []string) {
	pods := routerPods(ts, client, args[0])
	if len(pods) != 1 {
		ts.Fatalf("router %s has %d pods, want 1", args[0], len(pods))
	}
	ts.Setenv("NODE", pods[0].Spec.NodeName)
	ts.Setenv("MAC", net1(ts, &pods[0]).Mac)
}

// elsewhere NAME waits, for at most a minute, until a router has a pod that is ready and not on NODE. It sets
// MAC, and CLIENT to the client on the pod's node.
func elsewhere(ts *testscript.TestScript, client kubernetes.Interface, args []string) {
	deadline := time.Now().Add(time.Minute)
	for {
		pods := routerPods(ts, client, args[0])
		for _, pod := range pods {
			if ready(&pod) && pod.Spec.NodeName != ts.Getenv("NODE") {
				ts.Setenv("MAC", net1(ts, &pod).Mac)
				ts.Setenv("CLIENT", "client-"+strings.TrimPrefix(pod.Spec.NodeName, "node-"))
				return
			}
		}
		if time.Now().After(deadline) {
			ts.Fatalf("router %s has not moved off %s: %d pods", args[0], ts.Getenv("NODE"), len(pods))
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// plugin-log NODE: the CNI plugin has logged on a node. In which words is its own affair.
func pluginLog(ts *testscript.TestScript, c *Cluster, args []string) {
	log, err := c.PluginLog(args[0])
	ts.Check(err)
	if strings.TrimSpace(log) == "" {
		ts.Fatalf("the plugin's log on %s is empty", args[0])
	}
}

// pod-ip VARIABLE NAME sets a variable to the address of a pod.
func podIP(ts *testscript.TestScript, client kubernetes.Interface, args []string) {
	pod, err := client.CoreV1().Pods(ts.Getenv("NS")).Get(context.Background(), args[1], metav1.GetOptions{})
	ts.Check(err)
	ts.Setenv(args[0], pod.Status.PodIP)
}

// inbound URL [ROUTER]: a host of the nodes' network reaches a pod, by ARP for the pod's address, or by the address of a
// router.
func inbound(ts *testscript.TestScript, neg bool, c *Cluster, args []string) {
	var via net.IP
	if len(args) > 1 {
		via = net.ParseIP(args[1])
	}
	switch err := c.GetInbound(context.Background(), args[0], via); {
	case err != nil && !neg:
		ts.Fatalf("not reached: %v", err)
	case err == nil && neg:
		ts.Fatalf("%s is reached", args[0])
	default:
		ts.Logf("%v", err)
	}
}

// routerPods are the pods of a router, whoever has made them.
func routerPods(ts *testscript.TestScript, client kubernetes.Interface, name string) []corev1.Pod {
	var found []corev1.Pod
	for _, provisioner := range []egress.Provisioner{egress.Standalone, egress.Operator} {
		selector := metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: provisioner.PodLabels(name)})
		pods, err := client.CoreV1().Pods(ts.Getenv("NS")).List(context.Background(), metav1.ListOptions{LabelSelector: selector})
		ts.Check(err)
		found = append(found, pods.Items...)
	}
	return found
}

// net1 is what Multus says of a pod's net1.
func net1(ts *testscript.TestScript, pod *corev1.Pod) nettypes.NetworkStatus {
	var networks []nettypes.NetworkStatus
	ts.Check(json.Unmarshal([]byte(pod.Annotations[nettypes.NetworkStatusAnnot]), &networks))
	for _, network := range networks {
		if network.Interface == "net1" {
			return network
		}
	}
	ts.Fatalf("pod %s has no net1", pod.Name)
	return nettypes.NetworkStatus{}
}

func ready(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
