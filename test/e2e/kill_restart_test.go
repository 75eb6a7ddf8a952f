package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/kubelet"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// TestKilledBeforeRestart: create is killed once its changed rules are applied, and before the Deployment is restarted. The
// next run restarts it, and the one after that finds nothing to do.
func TestKilledBeforeRestart(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{OpenShift: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	b := newBench(t, filepath.Join(binaries(t), "kubectl-egress"), l.Config)
	t.Run("as it restarts the Deployment", func(t *testing.T) {
		b.killedBeforeRestart(t, "unstarted", "/deployments/"+egress.OperatorDeployment, apiproxy.Fault{Drop: true})
	})
	t.Run("as the server has applied the rules", func(t *testing.T) {
		b.killedBeforeRestart(t, "unfollowed", "/egressrouters/partner-a", apiproxy.Fault{LoseAnswer: true})
	})
}

// killedBeforeRestart kills a create that changes the rules at its write to path, with fault, and runs it again.
func (b *bench) killedBeforeRestart(t *testing.T, namespace, path string, fault apiproxy.Fault) {
	t.Helper()
	if err := b.namespace(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	create := func(rule string) []string {
		return []string{"create", "partner-a", "-n", namespace, "--address", address(namespace) + "/16", "--gateway", "10.0.255.254", "--redirect", rule, "--timeout", "1m"}
	}
	const before, after = "8080 TCP 203.0.113.26 80", "8080 TCP 203.0.113.27 80"
	b.must(t, create("8080=203.0.113.26:80")...)
	if got := b.rulesOf(t, namespace); !strings.Contains(got, before) {
		t.Fatalf("the pod runs %q", got)
	}
	changed := create("8080=203.0.113.27:80")
	b.killAt(t, path, fault, changed...)
	if got := b.rulesOf(t, namespace); !strings.Contains(got, before) {
		t.Errorf("the pod was restarted before the command was killed: it runs %q", got)
	}

	const restarting = "restarting its pod, so that it starts with the changed rules\n"
	again := b.must(t, changed...)
	if again.stdout != "egressrouter.network.operator.openshift.io/partner-a unchanged\n" || !strings.Contains(again.stderr, "egress router "+namespace+"/partner-a: "+restarting) {
		t.Errorf("the next run said\n%s%s", again.stdout, again.stderr)
	}
	if got := b.rulesOf(t, namespace); !strings.Contains(got, after) {
		t.Errorf("after the next run the pod runs %q, want %q", got, after)
	}
	b.proxy.Reset()
	if third := b.must(t, changed...); strings.Contains(third.stderr, restarting) {
		t.Errorf("the third run said\n%s", third.stderr)
	}
	for _, r := range b.proxy.Requests() {
		if r.Write() {
			t.Errorf("the third run wrote: %s", r)
		}
	}
}

// killAt kills the command at its first write to path, which meets fault.
func (b *bench) killAt(t *testing.T, path string, fault apiproxy.Fault, args ...string) {
	t.Helper()
	var process atomic.Pointer[os.Process]
	var met atomic.Bool
	fault.Then = func() {
		met.Store(true)
		if err := process.Load().Kill(); err != nil {
			t.Error(err)
		}
	}
	b.proxy.Tamper(func(_ int, r apiproxy.Request) apiproxy.Fault {
		if r.Method == http.MethodPatch && r.Write() && strings.HasSuffix(r.Path, path) {
			return fault
		}
		return apiproxy.Fault{}
	})
	r := b.run(t, process.Store, args...)
	b.proxy.Tamper(nil)
	if r.code != -1 || !met.Load() {
		t.Fatalf("the command was not killed at its write to %s: exit code %d\n%s%s", path, r.code, r.stdout, r.stderr)
	}
}

// rulesOf are the rules that the pod of the operator's router in a namespace has started with: the one that is not about to
// go. Once that pod is of a
// template with a stamp, the stamp must be that of the NAD as it is now.
func (b *bench) rulesOf(t *testing.T, namespace string) string {
	t.Helper()
	nad, deployment, pods := &nadv1.NetworkAttachmentDefinition{}, &appsv1.Deployment{}, &corev1.PodList{}
	for name, object := range map[string]client.Object{egress.OperatorNAD: nad, egress.OperatorDeployment: deployment} {
		if err := b.client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, object); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.client.List(t.Context(), pods, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	staying := slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
	if len(staying) != 1 {
		t.Fatalf("there are %d pods", len(staying))
	}
	want := render.StampOf(nad.Spec.Config, string(nad.UID), nad.Generation).String()
	stamp := staying[0].Annotations[egress.AnnotationNADHash]
	if template := deployment.Spec.Template.Annotations[egress.AnnotationNADHash]; stamp != template || stamp != "" && stamp != want {
		t.Errorf("the pod's stamp is %q, that of its template %q, and the NAD's %q", stamp, template, want)
	}
	return staying[0].Annotations[kubelet.DestinationsAnnotation]
}
