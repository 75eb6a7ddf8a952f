package cno

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	configv1 "github.com/openshift/api/config/v1"
	netopv1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/cno/facts"
)

// clock makes of the operator's two minutes as many seconds.
const clock = 60

func newBadRouter(t *testing.T, addresses []netopv1.EgressRouterAddress) *netopv1.EgressRouter {
	t.Helper()
	router := newRouter(newNamespace(t), "bad")
	router.Spec.Addresses = addresses
	create(t, router)
	return router
}

func withdrawn(t *testing.T) {
	t.Helper()
	eventually(t, "Degraded is withdrawn", func(context.Context) (bool, error) {
		return degraded(t).Status == configv1.ConditionFalse, nil
	})
}

func TestDegradedAtOnce(t *testing.T) {
	for name, addresses := range facts.Unrenderable() {
		t.Run(name, func(t *testing.T) {
			stop := startOperator(t, Options{Clock: clock, Release: Release{Version: "4.21.9"}})
			created := time.Now()
			router := newBadRouter(t, addresses)
			awaitDegraded(t, router)
			if took := time.Since(created); took > 2*time.Second {
				t.Errorf("Degraded only after %s", took)
			}
			if n, err := count(t.Context(), router.Namespace); n != 0 || err != nil {
				t.Errorf("%d objects are there, error %v", n, err)
			}
			want := facts.Message(router.Namespace+"/bad", facts.RenderError(&router.Spec))
			if got := degraded(t); got.Message != want || got.Reason != facts.DegradedReason {
				t.Errorf("message\n got %s\nwant %s", got.Message, want)
			}

			remove(t, router)
			time.Sleep(time.Second)
			awaitDegraded(t, router)

			if name == "no prefix" {
				stop()
				startOperator(t, Options{})
			} else {
				create(t, newRouter(router.Namespace, router.Name))
			}
			withdrawn(t)
		})
	}
}

// What is said comes late, and is late: a second bad router is not named, and a fixed one still is, until the message is
// renewed, at a reconcile.
func TestDegradedLaterAndStale(t *testing.T) {
	startOperator(t, Options{Clock: clock, Release: Release{Version: "4.22.0"}})
	first := newBadRouter(t, facts.Unrenderable()["no prefix"])
	time.Sleep(facts.DegradedAfter / clock / 2)
	if got := degraded(t); got.Status != configv1.ConditionFalse {
		t.Errorf("after half the time: %+v", got)
	}
	awaitDegraded(t, first)

	second := newBadRouter(t, facts.Unrenderable()["no gateway"])
	patch(t, first, `{"spec":{"addresses":[{"ip":"192.168.12.99/24","gateway":"192.168.12.1"}]}}`)
	rendered(t, first.Namespace)
	time.Sleep(200 * time.Millisecond)
	if got := degraded(t).Message; !strings.Contains(got, first.Namespace+"/bad") || strings.Contains(got, second.Namespace) {
		t.Errorf("the message is current: %s", got)
	}
	awaitDegraded(t, second)
	if got := degraded(t).Message; strings.Contains(got, first.Namespace+"/bad") {
		t.Errorf("the message that was renewed names the fixed router: %s", got)
	}
}

func TestDegradedBeginsWhenTheRouterIsGone(t *testing.T) {
	startOperator(t, Options{Clock: clock, Release: Release{Version: "4.22.0"}})
	create(t, newRouter(newNamespace(t), "other")) // only its resync has the operator speak
	router := newBadRouter(t, facts.Unrenderable()["no prefix"])
	time.Sleep(300 * time.Millisecond)
	remove(t, router)
	if got := degraded(t); got.Status != configv1.ConditionFalse {
		t.Errorf("when the router is gone: %+v", got)
	}
	awaitDegraded(t, router)
}

func TestAnotherTroubleHidesARouters(t *testing.T) {
	network := &configv1.ClusterOperator{ObjectMeta: metav1.ObjectMeta{Name: "network"}}
	startOperator(t, Options{Clock: clock})
	patch(t, network, `{"metadata":{"annotations":{"`+TroubleAnnotation+`":"DaemonSet multus hangs"}}}`)
	t.Cleanup(func() {
		patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"`+TroubleAnnotation+`":null}}}`))
		if err := shared.client.Patch(context.Background(), network, patch); err != nil {
			t.Error(err)
		}
	})
	newBadRouter(t, facts.Unrenderable()["no prefix"])
	eventually(t, "Degraded tells of the trouble", func(context.Context) (bool, error) {
		return degraded(t).Message == "DaemonSet multus hangs", nil
	})
}

// A Deployment of that name that is somebody else's has another selector, which nobody can change: the NAD is there, no pod
// comes, and the operator tries again when the Deployment is long gone.
func TestForeignDeployment(t *testing.T) {
	startOperator(t, Options{Clock: clock})
	namespace := newNamespace(t)
	labels := map[string]string{"app": "somebody"}
	foreign := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: facts.DeploymentName},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}},
			},
		},
	}
	create(t, foreign)
	router := newRouter(namespace, "partner-a")
	create(t, router)
	awaitDegraded(t, router)
	begin, _, _ := strings.Cut(facts.Message(namespace+"/partner-a", facts.ApplyError(namespace, errors.New("|"))), "|")
	if got := degraded(t).Message; !strings.HasPrefix(got, begin) || !strings.HasSuffix(got, facts.Immutable) {
		t.Errorf("message %s\nwant %s ... %s", got, begin, facts.Immutable)
	}
	nad := &nettypes.NetworkAttachmentDefinition{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: facts.NADName}}
	get(t, nad)
	get(t, foreign)
	if foreign.Labels != nil || len(foreign.OwnerReferences) != 0 {
		t.Errorf("the other's Deployment was changed: %v", foreign.ObjectMeta)
	}
	remove(t, foreign)
	eventually(t, "the Deployment is the operator's", func(ctx context.Context) (bool, error) {
		var d appsv1.Deployment
		err := shared.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: facts.DeploymentName}, &d)
		return len(d.OwnerReferences) == 1, client.IgnoreNotFound(err)
	})
	withdrawn(t)
}
