package apiproxy

import (
	"fmt"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

const configMaps = "/api/v1/namespaces/default/configmaps"

// TestProxy shares one cluster and one proxy; its parts run in order.
func TestProxy(t *testing.T) {
	cluster, err := kube.Start(t.Context(), kube.Options{NoMultus: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Stop() })
	proxy, err := Start(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	kubeconfig, err := proxy.Kubeconfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	through, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("every request is counted, once", func(t *testing.T) { testCounts(t, proxy, through) })
	t.Run("dry runs are no writes", func(t *testing.T) { testDryRuns(t, proxy, through) })
	t.Run("watches stream", func(t *testing.T) { testWatch(t, proxy, through) })
	t.Run("kubectl", func(t *testing.T) { testKubectl(t, proxy, kubeconfig) })
	t.Run("an unreachable server is a bad gateway", testUnreachable)
}

func testCounts(t *testing.T, proxy *Proxy, cfg *rest.Config) {
	c := clientset(t, cfg)
	proxy.Reset()
	maps := c.CoreV1().ConfigMaps("default")
	must(t, func() (any, error) { return maps.Create(t.Context(), configMap("a"), metav1.CreateOptions{}) })
	must(t, func() (any, error) { return maps.List(t.Context(), metav1.ListOptions{LabelSelector: "x=y"}) })
	must(t, func() (any, error) {
		return maps.Patch(t.Context(), "a", types.MergePatchType, []byte(`{"data":{"x":"y"}}`), metav1.PatchOptions{})
	})
	must(t, func() (any, error) {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "get", Resource: "pods"},
		}}
		return c.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), review, metav1.CreateOptions{})
	})
	must(t, func() (any, error) { return nil, maps.Delete(t.Context(), "a", metav1.DeleteOptions{}) })
	if _, err := maps.Get(t.Context(), "a", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v, want not found", err)
	}
	expect(t, proxy.Requests(), []string{
		"write POST " + configMaps + " 201",
		"read GET " + configMaps + "?labelSelector=x%3Dy 200",
		"write PATCH " + configMaps + "/a 200",
		"read POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews 201",
		"write DELETE " + configMaps + "/a 200",
		"read GET " + configMaps + "/a 404",
	})
	proxy.Reset()
	expect(t, proxy.Requests(), nil)
}

func testDryRuns(t *testing.T, proxy *Proxy, cfg *rest.Config) {
	c := clientset(t, cfg)
	asProtobuf := rest.CopyConfig(cfg)
	asProtobuf.ContentType = runtime.ContentTypeProtobuf
	untyped, err := dynamic.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	must(t, func() (any, error) {
		return c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("b"), metav1.CreateOptions{})
	})
	proxy.Reset()
	all := []string{metav1.DryRunAll}
	must(t, func() (any, error) {
		return c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("c"), metav1.CreateOptions{DryRun: all})
	})
	options := metav1.DeleteOptions{DryRun: all}
	for _, remove := range []func() error{
		func() error { return c.CoreV1().ConfigMaps("default").Delete(t.Context(), "b", options) },
		func() error {
			return clientset(t, asProtobuf).CoreV1().ConfigMaps("default").Delete(t.Context(), "b", options)
		},
		func() error {
			return untyped.Resource(corev1.SchemeGroupVersion.WithResource("configmaps")).Namespace("default").Delete(t.Context(), "b", options)
		},
	} {
		must(t, func() (any, error) { return nil, remove() })
	}
	expect(t, proxy.Requests(), []string{
		"read POST " + configMaps + "?dryRun=All 201",
		"read DELETE " + configMaps + "/b 200",
		"read DELETE " + configMaps + "/b 200",
		"read DELETE " + configMaps + "/b 200",
	})
}

func testWatch(t *testing.T, proxy *Proxy, cfg *rest.Config) {
	maps := clientset(t, cfg).CoreV1().ConfigMaps("default")
	proxy.Reset()
	watch, err := maps.Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=seen"})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	must(t, func() (any, error) { return maps.Create(t.Context(), configMap("seen"), metav1.CreateOptions{}) })
	select {
	case event := <-watch.ResultChan():
		if event.Type != "ADDED" {
			t.Errorf("got %+v", event)
		}
	case <-time.After(5 * time.Second):
		t.Error("no event within 5 seconds of the change")
	}
	if requests := proxy.Requests(); len(requests) != 2 || requests[0].Status != 200 || !strings.Contains(requests[0].Query, "watch=true") {
		t.Errorf("got %v", requests)
	}
}

func testKubectl(t *testing.T, proxy *Proxy, kubeconfig string) {
	kubectl, err := kube.Kubectl()
	if err != nil {
		t.Fatal(err)
	}
	proxy.Reset()
	for _, args := range []string{
		"create configmap k", "create configmap never --dry-run=server", "delete configmap k --dry-run=server", "delete configmap k",
	} {
		command := exec.CommandContext(t.Context(), kubectl, append(strings.Fields(args), "--kubeconfig", kubeconfig, "--cache-dir", t.TempDir())...)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("kubectl %s: %v\n%s", args, err, out)
		}
	}
	var writes []string
	for _, request := range proxy.Requests() {
		if request.Write() {
			writes = append(writes, request.Method+" "+request.Path)
		}
	}
	if want := []string{"POST " + configMaps, "DELETE " + configMaps + "/k"}; !reflect.DeepEqual(writes, want) {
		t.Errorf("got %q, want %q", writes, want)
	}
}

func testUnreachable(t *testing.T) {
	proxy, err := Start(&rest.Config{Host: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	if _, err := clientset(t, &rest.Config{Host: proxy.URL}).Discovery().ServerVersion(); err == nil {
		t.Error("got no error")
	}
	expect(t, proxy.Requests(), []string{"read GET /version 502"})
}

func expect(t *testing.T, requests []Request, want []string) {
	t.Helper()
	var got []string
	for _, request := range requests {
		kind := "read"
		if request.Write() {
			kind = "write"
		}
		got = append(got, fmt.Sprint(kind, " ", request))
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func clientset(t *testing.T, cfg *rest.Config) *kubernetes.Clientset {
	t.Helper()
	c, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must(t *testing.T, call func() (any, error)) {
	t.Helper()
	if _, err := call(); err != nil {
		t.Fatal(err)
	}
}
