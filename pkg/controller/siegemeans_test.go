package controller_test

import (
	"context"
	"encoding/json"
	"fmt"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// named forges a router whose name is no label.
func (m *tenant) named(name, address string) {
	m.Helper()
	text, err := json.Marshal(m.described(name, address+"/16"))
	if err != nil {
		m.Fatal(err)
	}
	labels := egress.Labels("evil")
	m.plant(&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: m.in, Name: name, Labels: labels, Annotations: map[string]string{egress.AnnotationRouter: string(text)}},
		Spec: appsv1.DeploymentSpec{Paused: true, Replicas: new(int32(0)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec("")}},
	})
}

// describe forges a router whose annotation is r.
func (m *tenant) describe(name string, r *nov1.EgressRouter) {
	m.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		m.Fatal(err)
	}
	m.deployment(name, map[string]string{egress.AnnotationRouter: string(text)})
}

// patch changes a Deployment of the tenant's.
func (m *tenant) patch(name, patch string) {
	m.Helper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: m.in, Name: name}}
	if err := m.as.Patch(context.Background(), d, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		m.Errorf("the tenant may not change deployment %s: %v", name, err)
	}
}

// remove deletes a Deployment of the tenant's.
func (m *tenant) remove(name string) {
	m.Helper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: m.in, Name: name}}
	if err := m.as.Delete(context.Background(), d); err != nil {
		m.Errorf("the tenant may not delete deployment %s: %v", name, err)
	}
}

// renet has an administrator change the address of the NAD evil, or with "" delete it.
func (m *tenant) renet(address string) {
	m.Helper()
	if err := m.admin.Delete(context.Background(), &nadv1.NetworkAttachmentDefinition{ObjectMeta: metav1.ObjectMeta{Namespace: m.in, Name: "evil"}}); err != nil {
		m.Fatal(err)
	}
	if address != "" {
		m.nad(address, "")
	}
}

// remac has the tenant's pods show another MAC.
func (m *tenant) remac(mac string) {
	m.Helper()
	var pods corev1.PodList
	if err := m.as.List(context.Background(), &pods, client.InNamespace(m.in)); err != nil {
		m.Error(err)
	}
	for _, pod := range pods.Items {
		patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, egress.AnnotationNetworkStatus, m.status("evil", ownAddress, mac))
		if err := m.as.Patch(context.Background(), &pod, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
			m.Error(err)
		}
	}
}

// release takes away what keeps the tenant's Deployments from being deleted.
func (m *tenant) release() {
	m.Helper()
	var list appsv1.DeploymentList
	if err := m.admin.List(context.Background(), &list, client.InNamespace(m.in)); err != nil {
		m.Fatal(err)
	}
	for _, d := range list.Items {
		if len(d.Finalizers) > 0 {
			m.patch(d.Name, `{"metadata":{"finalizers":null}}`)
		}
	}
}
