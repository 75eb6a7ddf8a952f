package read

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// TestTemplate: what decides where a pod runs, how it ends and what Pod Security says of it stays; the rest goes, down to
// the names of Secrets.
func TestTemplate(t *testing.T) {
	yes, seconds := true, int64(10)
	requests := corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}}
	tolerations := []corev1.Toleration{{Key: corev1.TaintNodeUnreachable, TolerationSeconds: &seconds}}
	credentials := "s3cr3t"
	pod := &corev1.PodSpec{
		NodeSelector: map[string]string{"egress": "yes"}, Tolerations: tolerations, TerminationGracePeriodSeconds: &seconds, HostNetwork: true,
		ServiceAccountName: "s3cr3t", ImagePullSecrets: []corev1.LocalObjectReference{{Name: "s3cr3t"}},
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, Sysctls: []corev1.Sysctl{{Name: "net.ipv4.ip_forward", Value: "1"}},
			WindowsOptions: &corev1.WindowsSecurityContextOptions{GMSACredentialSpec: &credentials, HostProcess: &yes},
		},
		Containers: []corev1.Container{{
			Name: "c", Image: "i", Resources: requests, Command: []string{"s3cr3t"}, Args: []string{"s3cr3t"},
			Env: []corev1.EnvVar{{Name: "s3cr3t"}}, EnvFrom: []corev1.EnvFromSource{{Prefix: "s3cr3t"}},
			VolumeMounts: []corev1.VolumeMount{{Name: "s3cr3t"}}, LivenessProbe: &corev1.Probe{},
			SecurityContext: &corev1.SecurityContext{Privileged: &yes, WindowsOptions: &corev1.WindowsSecurityContextOptions{GMSACredentialSpec: &credentials}},
		}},
		Volumes: []corev1.Volume{
			{Name: "a", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s3cr3t"}}},
			{Name: "b", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/lib/modules"}}},
			{Name: "c", VolumeSource: corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "s3cr3t", VolumeAttributes: map[string]string{"s3cr3t": "s3cr3t"}}}},
			{Name: "d"},
		},
	}
	want := corev1.PodSpec{
		NodeSelector: map[string]string{"egress": "yes"}, Tolerations: tolerations, TerminationGracePeriodSeconds: &seconds, HostNetwork: true,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, Sysctls: []corev1.Sysctl{{Name: "net.ipv4.ip_forward"}},
			WindowsOptions: &corev1.WindowsSecurityContextOptions{HostProcess: &yes},
		},
		Containers: []corev1.Container{{
			Name: "c", Image: "i", Resources: requests,
			SecurityContext: &corev1.SecurityContext{Privileged: &yes, WindowsOptions: &corev1.WindowsSecurityContextOptions{}},
		}},
		Volumes: []corev1.Volume{
			{Name: "a", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{}}},
			{Name: "b", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/lib/modules"}}},
			{Name: "c", VolumeSource: corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{}}},
			{Name: "d"},
		},
	}
	if got := templateOf(pod); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if pod.SecurityContext.Sysctls[0].Value != "1" {
		t.Error("the template itself was changed")
	}
}
