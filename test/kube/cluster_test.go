package kube

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	netopv1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestCluster shares one cluster: starting it is most of its time.
func TestCluster(t *testing.T) {
	var log strings.Builder
	begun := time.Now()
	cluster, err := Start(t.Context(), Options{OpenShift: true, Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("started in %.1f s:\n%s", time.Since(begun).Seconds(), log.String())
	t.Cleanup(func() { _ = cluster.Stop() })
	admin := newClient(t, cluster.Kubeconfig)

	t.Run("a Deployment gets a pod", func(t *testing.T) { testDeployment(t, admin, "x") })
	t.Run("what an EgressRouter owns goes with it", func(t *testing.T) { testGarbageCollection(t, admin) })
	t.Run("a user has only granted rights", func(t *testing.T) { testUser(t, cluster, admin) })
	t.Run("blocking owner references need rights on the owner", func(t *testing.T) { testOwnerReferences(t, cluster, admin) })
	t.Run("Pod Security levels are enforced", func(t *testing.T) { testPodSecurity(t, admin) })
	t.Run("the API server is killed", func(t *testing.T) { testRestart(t, cluster, admin) })
	t.Run("Stop", func(t *testing.T) { testStop(t, cluster) })
}

func testDeployment(t *testing.T, admin client.Client, name string) {
	labels := map[string]string{"app": name}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "c"}}},
			},
		},
	}
	create(t, admin, deployment)
	eventually(t, "the Deployment has a pod", func(ctx context.Context) (bool, error) {
		var pods corev1.PodList
		err := admin.List(ctx, &pods, client.InNamespace("default"), client.MatchingLabels(labels))
		return len(pods.Items) == 1, err
	})
}

func testGarbageCollection(t *testing.T, admin client.Client) {
	router := newRouter("default", "gone")
	create(t, admin, router)
	owned := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: "owned", OwnerReferences: []metav1.OwnerReference{ownedBy(router, false)},
	}}
	create(t, admin, owned)
	begun := time.Now()
	if err := admin.Delete(t.Context(), router); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the owned object is gone", func(ctx context.Context) (bool, error) {
		err := admin.Get(ctx, client.ObjectKeyFromObject(owned), owned)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("collected after %s: the garbage collector did not know the kind", took)
	}
}

func testUser(t *testing.T, cluster *Cluster, admin client.Client) {
	kubeconfig, err := cluster.User("bob", "billing-admins")
	if err != nil {
		t.Fatal(err)
	}
	bob := newClient(t, kubeconfig)
	var services corev1.ServiceList
	if err := bob.List(t.Context(), &services, client.InNamespace("default")); !apierrors.IsForbidden(err) {
		t.Fatalf("got %v, want forbidden", err)
	}
	bind(t, admin, "default", "view", rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "billing-admins"})
	eventually(t, "bob may list", func(ctx context.Context) (bool, error) {
		err := bob.List(ctx, &services, client.InNamespace("default"))
		return err == nil, client.IgnoreNotFound(ignoreForbidden(err))
	})
}

func testOwnerReferences(t *testing.T, cluster *Cluster, admin client.Client) {
	kubeconfig, err := cluster.User("eve")
	if err != nil {
		t.Fatal(err)
	}
	router := newRouter("default", "owner")
	create(t, admin, router)
	bind(t, admin, "default", "edit", rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "eve"})
	eve := newClient(t, kubeconfig)
	service := func(blocking bool) *corev1.Service {
		return &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "default", GenerateName: "s-", OwnerReferences: []metav1.OwnerReference{ownedBy(router, blocking)},
			},
			Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
		}
	}
	eventually(t, "eve may create", func(ctx context.Context) (bool, error) {
		err := eve.Create(ctx, service(false))
		return err == nil, ignoreForbidden(err)
	})
	if err := eve.Create(t.Context(), service(true)); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "blockOwnerDeletion") {
		t.Fatalf("got %v, want a refusal of blockOwnerDeletion", err)
	}
}

func testPodSecurity(t *testing.T, admin client.Client) {
	create(t, admin, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: "strict", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}})
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "strict", Name: "root"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "c"}}},
	}
	if err := admin.Create(t.Context(), pod); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "PodSecurity") {
		t.Fatalf("got %v, want a refusal by PodSecurity", err)
	}
}

// testStop leaves a watch open, which by default keeps an API server alive for a minute.
func testStop(t *testing.T, cluster *Cluster) {
	clients, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	watch, err := clients.CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	begun := time.Now()
	for range 2 {
		if err := cluster.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if _, err := os.Stat(cluster.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left behind: %v", err)
	}
	select {
	case <-cluster.manager.Exited():
	default:
		t.Error("kube-controller-manager still runs")
	}
}

func newRouter(namespace, name string) *netopv1.EgressRouter {
	return &netopv1.EgressRouter{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: netopv1.EgressRouterSpec{
			Mode:             netopv1.EgressRouterModeRedirect,
			Redirect:         &netopv1.RedirectConfig{},
			NetworkInterface: netopv1.EgressRouterInterface{Macvlan: netopv1.MacvlanConfig{Mode: netopv1.MacvlanModeBridge}},
			Addresses:        []netopv1.EgressRouterAddress{{IP: "192.168.12.99/24", Gateway: "192.168.12.1"}},
		},
		Status: netopv1.EgressRouterStatus{Conditions: []netopv1.EgressRouterStatusCondition{}},
	}
}

func ownedBy(router *netopv1.EgressRouter, blocking bool) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: netopv1.GroupVersion.String(), Kind: "EgressRouter",
		Name: router.Name, UID: router.UID, BlockOwnerDeletion: &blocking,
	}
}

func bind(t *testing.T, admin client.Client, namespace, role string, subject rbacv1.Subject) {
	t.Helper()
	create(t, admin, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: role + "-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{subject},
	})
}

func ignoreForbidden(err error) error {
	if apierrors.IsForbidden(err) {
		return nil
	}
	return err
}

func newClient(t *testing.T, kubeconfig string) client.Client {
	t.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func create(t *testing.T, c client.Client, object client.Object) {
	t.Helper()
	if err := c.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, done func(context.Context) (bool, error)) {
	t.Helper()
	if err := Await(t.Context(), what, done); err != nil {
		t.Fatal(err)
	}
}
