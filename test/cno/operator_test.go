package cno

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	netopv1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/cno/facts"
)

func TestRendersARouter(t *testing.T) {
	startOperator(t, Options{Release: Release{Version: "4.20.8", Image: "router:test"}})
	router := newRouter(newNamespace(t), "partner-a")
	// All that the operator ignores: a second address, the interface. And the fallback, which the plugin does.
	router.Spec.Addresses = append(router.Spec.Addresses, netopv1.EgressRouterAddress{IP: "192.168.12.100/24"})
	router.Spec.NetworkInterface.Macvlan = netopv1.MacvlanConfig{Mode: netopv1.MacvlanModePrivate, Master: "ens4"}
	router.Spec.Redirect.FallbackIP = "203.0.113.99"
	create(t, router)

	nad, deployment := rendered(t, router.Namespace)
	want := `{
  "cniVersion": "0.4.0",
  "type": "egress-router",
  "name": "egress-router-cni-nad",
  "ip": {
    "addresses": [
      "192.168.12.99/24"
    ],
    "destinations": [
      "80 UDP 10.100.3.0",
      "8080 TCP 203.0.113.26 80"
    ],
    "fallbackIP": "203.0.113.99",
    "gateway": "192.168.12.1"
  },
  "log_file": "/tmp/egress-router-log",
  "log_level": "debug"
}`
	if nad.Spec.Config != want {
		t.Errorf("config\n got %s\nwant %s", nad.Spec.Config, want)
	}
	if got, want := deployment.Spec.Template.Annotations, map[string]string{
		"k8s.v1.cni.cncf.io/networks":             "[\n  {\n    \"name\":\"egress-router-cni-nad\",\n    \"default-route\": [\"192.168.12.1\"]\n  }\n]\n",
		"target.workload.openshift.io/management": `{"effect": "PreferredDuringScheduling"}`,
	}; !maps.Equal(got, want) {
		t.Errorf("annotations of the template\n got %q\nwant %q", got, want)
	}
	for _, rendered := range []client.Object{nad, deployment} {
		if got := rendered.GetAnnotations()["release.openshift.io/version"]; got != "4.20.8" {
			t.Errorf("%s is of release %q", rendered.GetName(), got)
		}
	}
	container := deployment.Spec.Template.Spec.Containers[0]
	if got, want := fmt.Sprintf("%d %v %v %s %s %q %s", *deployment.Spec.Replicas, deployment.Labels, deployment.Spec.Selector.MatchLabels,
		container.Name, container.Image, container.Command, container.Resources.Requests.Cpu()),
		"1 map[app:egress-router-cni] map[app:egress-router-cni] egress-router-cni-pod router:test [\"/bin/sh\" \"-c\" \"sleep infinity\"] 100m"; got != want {
		t.Errorf("deployment\n got %s\nwant %s", got, want)
	}
	for _, rendered := range []client.Object{nad, deployment} {
		checkOwner(t, rendered, router)
	}
	get(t, router)
	if len(router.Status.Conditions) != 0 {
		t.Errorf("the router's status is written: %v", router.Status)
	}

	remove(t, router)
	eventually(t, "the router's objects are collected", func(ctx context.Context) (bool, error) {
		n, err := count(ctx, router.Namespace)
		return n == 0, err
	})
}

func checkOwner(t *testing.T, owned client.Object, router *netopv1.EgressRouter) {
	t.Helper()
	owner := metav1.GetControllerOf(owned)
	if owner == nil || owner.UID != router.UID || owner.Kind != "EgressRouter" || owner.BlockOwnerDeletion != nil {
		t.Errorf("%s is owned by %v", owned.GetName(), owner)
	}
	if manager := owned.GetManagedFields()[0]; manager.Manager != facts.FieldManager || manager.Operation != metav1.ManagedFieldsOperationApply {
		t.Errorf("%s is managed by %s, by %s", owned.GetName(), manager.Manager, manager.Operation)
	}
}

// A change of rules reaches the NetworkAttachmentDefinition and not the Deployment, and what others set
// there stays, while what the operator sets comes back.
func TestReappliesItsOwnFieldsOnly(t *testing.T) {
	startOperator(t, Options{Clock: 1000})
	router := newRouter(newNamespace(t), "partner-a")
	create(t, router)
	_, deployment := rendered(t, router.Namespace)

	patch(t, deployment, `{"spec":{"replicas":3,"strategy":{"type":"Recreate","rollingUpdate":null},`+
		`"template":{"metadata":{"annotations":{"restarted":"now"}},"spec":{"nodeSelector":{"egress":"yes"}}}}}`)
	eventually(t, "the replicas come back", func(context.Context) (bool, error) {
		_, deployment = rendered(t, router.Namespace)
		return *deployment.Spec.Replicas == 1, nil
	})
	template := deployment.Spec.Template
	if deployment.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType ||
		template.Annotations["restarted"] != "now" || template.Spec.NodeSelector["egress"] != "yes" {
		t.Errorf("fields of others are lost: %v", deployment.Spec)
	}

	generation := deployment.Generation
	patch(t, router, `{"spec":{"redirect":{"redirectRules":[{"port":443,"protocol":"TCP","destinationIP":"203.0.113.27"}]}}}`)
	eventually(t, "the new rule is in the NAD", func(ctx context.Context) (bool, error) {
		var nad nettypes.NetworkAttachmentDefinition
		err := shared.client.Get(ctx, client.ObjectKey{Namespace: router.Namespace, Name: facts.NADName}, &nad)
		return strings.Contains(nad.Spec.Config, `"443 TCP 203.0.113.27"`), err
	})
	if _, deployment = rendered(t, router.Namespace); deployment.Generation != generation {
		t.Error("a change of rules changed the Deployment")
	}
}

// An upgrade writes NAD and Deployment again, and no rule: the NAD keeps its generation, while the Deployment's counts a
// change of annotations too.
func TestUpgradeInTwoStepsAndInOne(t *testing.T) {
	startOperator(t, Options{Clock: 1500, Release: Release{Version: "4.20.8", Image: "router:4.20.8"}})
	namespace := newNamespace(t)
	create(t, newRouter(namespace, "partner-a"))
	nad, deployment := rendered(t, namespace)
	steps := []struct {
		annotations string
		is          string // afterwards
	}{
		{`"` + ReleaseAnnotation + `":"4.20.9"`, "4.20.9 router:4.20.8"},
		{`"` + ImageAnnotation + `":"router:4.20.9"`, "4.20.9 router:4.20.9"},
		{`"` + ReleaseAnnotation + `":"4.21.0","` + ImageAnnotation + `":"router:4.21.0"`, "4.21.0 router:4.21.0"},
	}
	for _, step := range steps {
		oldNAD, oldDeployment := nad, deployment
		patch(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, `{"metadata":{"annotations":{`+step.annotations+`}}}`)
		eventually(t, "the upgrade reaches the Deployment", func(context.Context) (bool, error) {
			nad, deployment = rendered(t, namespace)
			is := deployment.Annotations["release.openshift.io/version"] + " " + deployment.Spec.Template.Spec.Containers[0].Image
			return is == step.is, nil
		})
		if nad.Annotations["release.openshift.io/version"] != strings.Fields(step.is)[0] || nad.Generation != oldNAD.Generation || nad.Spec.Config != oldNAD.Spec.Config {
			t.Errorf("after %s the NAD has generation %d and annotations %v: %s", step.annotations, nad.Generation, nad.Annotations, nad.Spec.Config)
		}
		if got := deployment.Generation - oldDeployment.Generation; got != 1 {
			t.Errorf("%s makes %d generations of the Deployment, want 1", step.annotations, got)
		}
	}
}

func TestTwoRoutersOverwriteEachOther(t *testing.T) {
	startOperator(t, Options{Clock: 1000})
	namespace := newNamespace(t)
	a, b := newRouter(namespace, "a"), newRouter(namespace, "b")
	b.Spec.Addresses[0].IP = "192.168.12.98/24"
	create(t, a)
	create(t, b)
	for _, ip := range []string{"192.168.12.99", "192.168.12.98", "192.168.12.99"} {
		eventually(t, "the NAD is that of "+ip, func(ctx context.Context) (bool, error) {
			var nad nettypes.NetworkAttachmentDefinition
			err := shared.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: facts.NADName}, &nad)
			return strings.Contains(nad.Spec.Config, ip) && len(nad.OwnerReferences) == 1, client.IgnoreNotFound(err)
		})
	}
}

func TestSleepsAndComesLate(t *testing.T) {
	const delay = 500 * time.Millisecond
	startOperator(t, Options{Delay: delay})
	router := newRouter(newNamespace(t), "late")
	create(t, router)
	created := time.Now()
	rendered(t, router.Namespace)
	if took := time.Since(created); took < delay {
		t.Errorf("rendered after %s already", took)
	}

	quiet := newRouter(newNamespace(t), "quiet")
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: quiet.Namespace}}
	patch(t, namespace, `{"metadata":{"annotations":{"`+PauseAnnotation+`":"`+Asleep+`"}}}`)
	create(t, quiet)
	time.Sleep(2 * delay)
	if n, err := count(t.Context(), quiet.Namespace); n != 0 || err != nil {
		t.Errorf("%d objects are there while it sleeps, error %v", n, err)
	}
	patch(t, namespace, `{"metadata":{"annotations":{"`+PauseAnnotation+`":null}}}`)
	rendered(t, quiet.Namespace)
}
