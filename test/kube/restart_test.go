package kube

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// testRestart: what was stored is there, whoever had access still has, and the controllers work on.
func testRestart(t *testing.T, cluster *Cluster, admin client.Client) {
	kubeconfig, err := cluster.User("alice", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	alice := newClient(t, kubeconfig)
	kept := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "kept"}}
	create(t, alice, kept)
	create(t, alice, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "later"}})
	clients, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	open, err := clients.CoreV1().ConfigMaps("default").Watch(t.Context(), metav1.ListOptions{ResourceVersion: kept.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Stop()

	if err := cluster.KillAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range open.ResultChan() { // it ends with the server
	}
	if err := alice.Get(t.Context(), client.ObjectKeyFromObject(kept), kept); err == nil {
		t.Fatal("the API server answers after its end")
	}
	if err := cluster.KillAPIServer(t.Context()); err == nil {
		t.Error("an API server that does not run was killed")
	}
	begun := time.Now()
	if err := cluster.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("the new API server was ready after %.1f s", time.Since(begun).Seconds())

	if err := alice.Get(t.Context(), client.ObjectKeyFromObject(kept), kept); err != nil {
		t.Errorf("with a certificate from before: %v", err)
	}
	testExpired(t, clients, kept.ResourceVersion)
	testDeployment(t, admin, "after")
	for _, step := range []func(context.Context) error{cluster.KillAPIServer, cluster.StartAPIServer} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	create(t, admin, newRouter("default", "after"))
}

// testExpired: a new API server knows nothing of the past, so that whoever watched must list again.
func testExpired(t *testing.T, clients *kubernetes.Clientset, version string) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	again, err := clients.CoreV1().ConfigMaps("default").Watch(ctx, metav1.ListOptions{ResourceVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Stop()
	if event := <-again.ResultChan(); event.Type != watch.Error || !apierrors.IsResourceExpired(apierrors.FromObject(event.Object)) {
		t.Errorf("a watch from before goes on with %s %v, want that its version has expired", event.Type, event.Object)
	}
}
