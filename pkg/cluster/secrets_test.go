package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// testSecrets plants a word wherever people put what nobody else may see, and looks for it in what is read.
func (s *server) testSecrets(t *testing.T) {
	const secret = "s3cr3t"
	s.plantAround(t)
	labels, annotations := planted()
	operators := newRouter("secrets", "partner-a", "192.168.16.99/24", "192.168.16.1")
	standalone := newRouter("secrets-standalone", "partner-b", "192.168.16.98/24", "192.168.16.1")
	operators.Labels, operators.Annotations = labels, annotations
	standalone.Labels, standalone.Annotations = labels, annotations
	for _, router := range []*nov1.EgressRouter{operators, standalone} {
		provisioner := egress.Operator
		if router == standalone {
			provisioner = egress.Standalone
		}
		if err := serve(t.Context(), s.client, router, provisioner); err != nil {
			t.Fatal(err)
		}
	}
	s.plantInDeployments(t)
	got := s.readPlanted(t)
	data, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if i := bytes.Index(data, []byte(secret)); i >= 0 {
		t.Errorf("a secret is in the Snapshot: ...%s...", data[max(0, i-200):min(len(data), i+100)])
	}
	// What is left out is not left out because nothing was read.
	for _, r := range []*snapshot.Router{{EgressRouter: *operators, Provisioner: egress.Operator}, {EgressRouter: *standalone, Provisioner: egress.Standalone}} {
		d := got.Index().DeploymentOf(*r)
		if d == nil || got.Index().PodOf(*r) == nil || got.Index().NADOf(*r) == nil || len(d.Template.Volumes) != 2 || d.Template.Volumes[0].Secret == nil || d.Template.Volumes[1].HostPath.Path != "/var/log" {
			t.Errorf("%s: Deployment %+v", r.Namespace, d)
		}
	}
}

// readPlanted reads the cluster once the pods with secrets run.
func (s *server) readPlanted(t *testing.T) *snapshot.Snapshot {
	t.Helper()
	var got *snapshot.Snapshot
	eventually(t, "the pods with secrets run", func(ctx context.Context) (bool, error) {
		var pods corev1.PodList
		if err := s.admin.List(ctx, &pods); err != nil {
			return false, err
		}
		running := 0
		for _, pod := range pods.Items {
			if strings.HasPrefix(pod.Namespace, "secrets") && pod.Annotations["vault/token"] != "" && pod.Status.Phase == corev1.PodRunning {
				running++
			}
		}
		var err error
		got, err = read.Snapshot(ctx, s.client, read.Options{Checks: true})
		return running == 2, err
	})
	return got
}

// planted are labels and annotations as others put them on anything.
func planted() (labels, annotations map[string]string) {
	return map[string]string{"owner": "s3cr3t-team"},
		map[string]string{"vault/token": "s3cr3t", "kubectl.kubernetes.io/last-applied-configuration": "s3cr3t"}
}

// plantAround puts secrets into the namespaces of two routers, and around them.
func (s *server) plantAround(t *testing.T) {
	labels, annotations := planted()
	s.create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "secrets", Labels: labels, Annotations: annotations}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "secrets-standalone", Labels: labels, Annotations: annotations}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "s3cr3t-project"}},
		&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "secrets", Name: "s3cr3t-service", Labels: labels, Annotations: annotations},
			Spec:       corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 80}}},
		},
		newNAD("secrets", "wireguard", `{"cniVersion":"0.4.0","type":"wireguard","privateKey":"s3cr3t","ipam":{"type":"static","addresses":[{"address":"10.9.9.9/24"}],"password":"s3cr3t"}}`),
	)
	s.patch(t, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-1"}}, `{"metadata":{"annotations":{"k8s.ovn.org/l3-gateway-config":"s3cr3t"}}}`)
}

// plantInDeployments puts secrets where a pod template can have them.
func (s *server) plantInDeployments(t *testing.T) {
	for namespace, name := range map[string]string{"secrets": egress.OperatorDeployment, "secrets-standalone": "partner-b"} {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		if err := s.admin.Get(t.Context(), key(d), d); err != nil {
			t.Fatal(err)
		}
		d.Annotations["vault/token"] = "s3cr3t"
		d.Labels["owner"] = "s3cr3t"
		pod := &d.Spec.Template
		pod.Annotations["vault/token"] = "s3cr3t"
		pod.Labels["owner"] = "s3cr3t"
		pod.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "s3cr3t"}}
		pod.Spec.Volumes = []corev1.Volume{
			{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s3cr3t"}}},
			{Name: "logs", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/log"}}},
		}
		container := &pod.Spec.Containers[0]
		container.Args = []string{"--token=s3cr3t"}
		container.Env = []corev1.EnvVar{{Name: "TOKEN", Value: "s3cr3t"}}
		container.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"s3cr3t"}}}}
		if err := s.admin.Update(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
}
