package kubelet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// bench is a cluster with its nodes, in which each test has a namespace.
type bench struct{ client client.Client }

var shared bench // set once, before the tests

func TestMain(m *testing.M) {
	os.Exit(func() int {
		stop, c, err := startCluster(kube.Options{}, Options{
			Nodes:       []string{"worker-1", "worker-2"},
			ProviderIDs: map[string]string{"worker-2": "openstack:///2"},
			Delay:       50 * time.Millisecond,
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer stop()
		shared = bench{client: c}
		return m.Run()
	}())
}

func startCluster(o kube.Options, nodes Options) (stop func(), c client.Client, err error) {
	cluster, err := kube.Start(context.Background(), o)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, cluster.Config, nodes) }()
	stop = func() {
		cancel()
		if err := errors.Join(<-ended, cluster.Stop()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	c, err = kube.NewClient(cluster.Config)
	return stop, c, err
}

// namespace is where one test has its objects.
type namespace struct{ name string }

func newNamespace(t *testing.T) namespace {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	namespace{}.create(t, ns)
	t.Cleanup(func() { // its pods hold MACs that another run of the test needs
		if err := shared.client.Delete(context.Background(), ns); err != nil {
			t.Error(err)
		}
	})
	return namespace{name: ns.Name}
}

func (namespace) create(t *testing.T, object client.Object) {
	t.Helper()
	if err := shared.client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func (namespace) patch(t *testing.T, object client.Object, merge string) {
	t.Helper()
	if err := shared.client.Patch(context.Background(), object, client.RawPatch(types.MergePatchType, []byte(merge))); err != nil {
		t.Fatal(err)
	}
}

func (namespace) patchStatus(t *testing.T, object client.Object, merge string) {
	t.Helper()
	if err := shared.client.Status().Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(merge))); err != nil {
		t.Fatal(err)
	}
}

func (n namespace) annotate(t *testing.T, name, jsonValue string) {
	t.Helper()
	n.patch(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n.name}}, `{"metadata":{"annotations":{"`+name+`":`+jsonValue+`}}}`)
}

func (n namespace) nad(t *testing.T, name, config string) *nettypes.NetworkAttachmentDefinition {
	t.Helper()
	nad := &nettypes.NetworkAttachmentDefinition{
		ObjectMeta: metav1.ObjectMeta{Namespace: n.name, Name: name},
		Spec:       nettypes.NetworkAttachmentDefinitionSpec{Config: config},
	}
	n.create(t, nad)
	return nad
}

func patchConfig(t *testing.T, config string) string {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"config": config}})
	if err != nil {
		t.Fatal(err)
	}
	return string(patch)
}

func (n namespace) newPod(name, networks string, nodeSelector map[string]string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: n.name, Name: name}, Spec: podSpec(nodeSelector)}
	if networks != "" {
		pod.Annotations = map[string]string{nettypes.NetworkAttachmentAnnot: networks}
	}
	return pod
}

func podSpec(nodeSelector map[string]string) corev1.PodSpec {
	return corev1.PodSpec{NodeSelector: nodeSelector, Containers: []corev1.Container{{Name: "c", Image: "nothing:1"}}}
}

func (n namespace) pod(t *testing.T, name, networks string, nodeSelector map[string]string) {
	t.Helper()
	n.create(t, n.newPod(name, networks, nodeSelector))
}

func (n namespace) get(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{}
	if err := shared.client.Get(t.Context(), client.ObjectKey{Namespace: n.name, Name: name}, pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

func (n namespace) awaitRunning(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	eventually(t, "pod "+name+" runs", func(context.Context) (bool, error) {
		pod = n.get(t, name)
		return pod.Status.Phase == corev1.PodRunning, nil
	})
	return pod
}

func (n namespace) awaitAvailable(t *testing.T, deployment *appsv1.Deployment) {
	t.Helper()
	eventually(t, "the Deployment is available", func(ctx context.Context) (bool, error) {
		var now appsv1.Deployment
		err := shared.client.Get(ctx, client.ObjectKeyFromObject(deployment), &now)
		return now.Status.ObservedGeneration == now.Generation && now.Status.UpdatedReplicas == 1 && now.Status.AvailableReplicas == 1, err
	})
}

// awaitEvent returns the message of the first event of the pod with that reason.
func (n namespace) awaitEvent(t *testing.T, pod, reason string) (message string) {
	t.Helper()
	eventually(t, "pod "+pod+" has an event "+reason, func(ctx context.Context) (bool, error) {
		var events corev1.EventList
		err := shared.client.List(ctx, &events, client.InNamespace(n.name),
			client.MatchingFields{"involvedObject.name": pod, "reason": reason})
		if len(events.Items) == 0 {
			return false, err
		}
		message = events.Items[0].Message
		return true, err
	})
	return message
}

func eventually(t *testing.T, what string, done func(context.Context) (bool, error)) {
	t.Helper()
	if err := kube.Await(t.Context(), what, done); err != nil {
		t.Fatal(err)
	}
}
