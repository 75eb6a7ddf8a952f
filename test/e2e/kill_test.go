package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// verb is a command whose end after any of its requests must do no harm.
type verb struct {
	name string
	// before are the commands that lead up to it, args the command itself.
	before [][]string
	args   []string
}

func verbs(provisioner string) []verb {
	create := func(rule string) []string {
		return []string{"create", "partner-a", "--provisioner=" + provisioner, "--address", "ADDRESS/16", "--gateway", "10.0.255.254", "--redirect", rule, "--expose", "--timeout", "1m"}
	}
	first := create("8080=203.0.113.26:80")
	return []verb{
		{"create", nil, first},
		{"change", [][]string{first}, create("9090=203.0.113.30:90")},
		{"expose", [][]string{first}, []string{"expose", "partner-a", "--name", "app-egress"}},
		{"delete", [][]string{first}, []string{"delete", "partner-a", "--yes", "--timeout", "1m"}},
	}
}

// TestKilledAnywhere ends the command after its Nth request, for every N, and runs it again: the cluster
// must hold what it holds after an undisturbed run.
func TestKilledAnywhere(t *testing.T) {
	l := startLab(t, lab.Options{OpenShift: true})
	binary := filepath.Join(binaries(t), "kubectl-egress")
	for _, provisioner := range []string{"operator", "standalone"} {
		for _, v := range verbs(provisioner) {
			t.Run(provisioner+" "+v.name, func(t *testing.T) {
				b := newBench(t, binary, l.Config)
				prefix := fmt.Sprintf("kill-%s-%s", provisioner, v.name)
				want, requests := b.undisturbed(t, prefix+"-0", v)
				for n := 1; n <= requests; n++ {
					b.killed(t, fmt.Sprintf("%s-%d", prefix, n), v, n, want)
				}
				t.Logf("killed after each of %d requests", requests)
			})
		}
	}
}

// prepare makes a namespace in which v can run.
func (b *bench) prepare(t *testing.T, namespace string, v verb) []string {
	t.Helper()
	if err := b.namespace(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	for _, args := range v.before {
		b.must(t, b.placed(args, namespace)...)
	}
	return b.placed(v.args, namespace)
}

// placed are args in the namespace, with an address of its own: nodes refuse a second pod with one MAC.
func (b *bench) placed(args []string, namespace string) []string {
	out := []string{"-n", namespace}
	for _, arg := range args {
		out = append(out, strings.ReplaceAll(arg, "ADDRESS", address(namespace)))
	}
	return out
}

// address is one for the namespace alone, out of 10.0.0.0/16.
func address(namespace string) string {
	sum := sha256.Sum256([]byte(namespace))
	return fmt.Sprintf("10.0.%d.%d", sum[0], sum[1]%254+1)
}

// undisturbed runs v as it should, and counts its requests.
func (b *bench) undisturbed(t *testing.T, namespace string, v verb) (state string, requests int) {
	t.Helper()
	args := b.prepare(t, namespace, v)
	b.proxy.Reset()
	b.must(t, args...)
	requests = len(b.proxy.Requests())
	return b.settled(t, namespace), requests
}

// killed runs v, ends it as soon as the server has carried out its nth request, and runs it again.
func (b *bench) killed(t *testing.T, namespace string, v verb, n int, want string) {
	t.Helper()
	args := b.prepare(t, namespace, v)
	b.proxy.Reset()
	var process atomic.Pointer[os.Process]
	b.proxy.Tamper(func(i int, r apiproxy.Request) apiproxy.Fault {
		if i != n {
			return apiproxy.Fault{}
		}
		// A watch has no end to wait for.
		watch := strings.Contains(r.Query, "watch=")
		return apiproxy.Fault{Drop: watch, LoseAnswer: !watch, Then: func() {
			if p := process.Load(); p != nil {
				_ = p.Kill() // it may have ended by itself
			}
		}}
	})
	first := b.run(t, process.Store, args...)
	b.proxy.Tamper(nil)
	if first.code != -1 && n == 1 {
		t.Errorf("the command was not killed at its first request: exit code %d", first.code)
	}
	b.must(t, args...)
	if want == "" {
		// What is deleted must be gone as the command returns.
		if got, err := b.state(t.Context(), namespace); got != "" || err != nil {
			t.Errorf("killed after request %d and run again, the cluster still holds\n%s%v", n, got, err)
		}
		return
	}
	if got := b.settled(t, namespace); got != want {
		t.Errorf("killed after request %d and run again, the cluster holds\n%s\nwant\n%s", n, got, want)
	}
}

// settled is what the namespace holds once it has not changed for a while.
func (b *bench) settled(t *testing.T, namespace string) string {
	t.Helper()
	last, same := "", 0
	err := kube.Await(t.Context(), "namespace "+namespace+" is settled", func(ctx context.Context) (bool, error) {
		state, err := b.state(ctx, namespace)
		if state == last {
			same++
		} else {
			last, same = state, 0
		}
		return same == 10, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// state is what the namespace holds, without what differs from one run to the next.
func (b *bench) state(ctx context.Context, namespace string) (string, error) {
	var out strings.Builder
	for _, gvk := range []schema.GroupVersionKind{
		{Group: "network.operator.openshift.io", Version: "v1", Kind: "EgressRouter"},
		{Group: "k8s.cni.cncf.io", Version: "v1", Kind: "NetworkAttachmentDefinition"},
		{Group: "apps", Version: "v1", Kind: "Deployment"},
		{Version: "v1", Kind: "Service"},
		{Version: "v1", Kind: "Pod"},
	} {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gvk)
		if err := b.client.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return "", err
		}
		for i := range list.Items {
			object := timeless(&list.Items[i])
			text, err := json.Marshal(object)
			if err != nil {
				return "", err
			}
			same := strings.NewReplacer(namespace, "NS", address(namespace), "ADDRESS").Replace(string(text))
			out.WriteString(regexp.MustCompile(`02:e6(:[0-9a-f]{2}){4}|"[0-9a-f]{16}(\.[0-9a-f]{16}\.[0-9a-f-]{36}\.[0-9]+)?"`).ReplaceAllString(same, "MAC or hash") + "\n")
		}
	}
	return out.String(), nil
}

// timeless is what a person would compare of object.
func timeless(object *unstructured.Unstructured) map[string]any {
	annotations := object.GetAnnotations()
	out := map[string]any{"kind": object.GetKind(), "labels": object.GetLabels()}
	if object.GetKind() == "Pod" {
		// Its name and its hash are new each time; what it runs with is not.
		delete(object.GetLabels(), "pod-template-hash")
		return map[string]any{"kind": "Pod", "rules": annotations["test.kubectl-egress.io/destinations"]}
	}
	delete(annotations, "deployment.kubernetes.io/revision")
	var owners []string
	for _, owner := range object.GetOwnerReferences() {
		owners = append(owners, owner.Kind+" "+owner.Name)
	}
	out["name"], out["annotations"], out["owners"], out["spec"] = object.GetName(), annotations, owners, object.Object["spec"]
	if spec, ok := object.Object["spec"].(map[string]any); ok {
		delete(spec, "clusterIP")
		delete(spec, "clusterIPs")
	}
	return out
}
