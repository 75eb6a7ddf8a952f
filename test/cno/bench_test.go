package cno

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	configv1 "github.com/openshift/api/config/v1"
	netopv1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/cno/facts"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// bench is one cluster for all tests of the package, each in a namespace of its own.
type bench struct {
	config *rest.Config
	client client.Client
}

var shared bench // set once, before the tests

func TestMain(m *testing.M) {
	os.Exit(func() int {
		cluster, err := kube.Start(context.Background(), kube.Options{OpenShift: true})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer cluster.Stop() //nolint:errcheck // the tests have their results
		c, err := kube.NewClient(cluster.Config)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		shared = bench{config: cluster.Config, client: c}
		return m.Run()
	}())
}

// startOperator runs an operator until the test ends or stop is called.
func startOperator(t *testing.T, o Options) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, shared.config, o); close(ended) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func newNamespace(t *testing.T) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	create(t, namespace)
	t.Cleanup(func() { // the next operator must not find this test's routers
		err := shared.client.DeleteAllOf(context.Background(), &netopv1.EgressRouter{}, client.InNamespace(namespace.Name))
		if err != nil {
			t.Error(err)
		}
	})
	return namespace.Name
}

func newRouter(namespace, name string) *netopv1.EgressRouter {
	return &netopv1.EgressRouter{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: netopv1.EgressRouterSpec{
			Mode: netopv1.EgressRouterModeRedirect,
			Redirect: &netopv1.RedirectConfig{RedirectRules: []netopv1.L4RedirectRule{
				{Port: 80, Protocol: netopv1.ProtocolTypeUDP, DestinationIP: "10.100.3.0"},
				{Port: 8080, Protocol: netopv1.ProtocolTypeTCP, DestinationIP: "203.0.113.26", TargetPort: 80},
			}},
			NetworkInterface: netopv1.EgressRouterInterface{Macvlan: netopv1.MacvlanConfig{Mode: netopv1.MacvlanModeBridge}},
			Addresses:        []netopv1.EgressRouterAddress{{IP: "192.168.12.99/24", Gateway: "192.168.12.1"}},
		},
		Status: netopv1.EgressRouterStatus{Conditions: []netopv1.EgressRouterStatusCondition{}},
	}
}

func rendered(t *testing.T, namespace string) (*nettypes.NetworkAttachmentDefinition, *appsv1.Deployment) {
	t.Helper()
	nad, deployment := &nettypes.NetworkAttachmentDefinition{}, &appsv1.Deployment{}
	eventually(t, "the Deployment is rendered", func(ctx context.Context) (bool, error) {
		err := shared.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: facts.DeploymentName}, deployment)
		return err == nil, client.IgnoreNotFound(err)
	})
	nad.Namespace, nad.Name = namespace, facts.NADName
	get(t, nad)
	return nad, deployment
}

// count is how many objects the operator has in the namespace.
func count(ctx context.Context, namespace string) (int, error) {
	n := 0
	for name, object := range map[string]client.Object{
		facts.NADName: &nettypes.NetworkAttachmentDefinition{}, facts.DeploymentName: &appsv1.Deployment{},
	} {
		err := shared.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, object)
		if err != nil && !apierrors.IsNotFound(err) {
			return n, err
		}
		if err == nil {
			n++
		}
	}
	return n, nil
}

func degraded(t *testing.T) configv1.ClusterOperatorStatusCondition {
	t.Helper()
	network := &configv1.ClusterOperator{ObjectMeta: metav1.ObjectMeta{Name: "network"}}
	get(t, network)
	for _, condition := range network.Status.Conditions {
		if condition.Type == configv1.OperatorDegraded {
			return condition
		}
	}
	t.Fatalf("no condition Degraded in %v", network.Status)
	return configv1.ClusterOperatorStatusCondition{}
}

func awaitDegraded(t *testing.T, router *netopv1.EgressRouter) {
	t.Helper()
	eventually(t, "Degraded names the router", func(context.Context) (bool, error) {
		got := degraded(t)
		return got.Status == configv1.ConditionTrue && strings.Contains(got.Message, router.Namespace+"/"+router.Name), nil
	})
}

func create(t *testing.T, object client.Object) {
	t.Helper()
	if err := shared.client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, object client.Object) {
	t.Helper()
	if err := shared.client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
}

func patch(t *testing.T, object client.Object, merge string) {
	t.Helper()
	if err := shared.client.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(merge))); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, object client.Object) {
	t.Helper()
	if err := shared.client.Delete(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, done func(context.Context) (bool, error)) {
	t.Helper()
	if err := kube.Await(t.Context(), what, done); err != nil {
		t.Fatal(err)
	}
}
