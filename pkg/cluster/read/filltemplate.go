package read

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
)

// templateOf is what the checks may see of a pod's spec: where it can run, how it ends, and what Pod Security judges.
// Commands, arguments, environment, probes, and the names of Secrets and service accounts are left out.
func templateOf(pod *corev1.PodSpec) corev1.PodSpec {
	return corev1.PodSpec{
		NodeName:                      pod.NodeName,
		NodeSelector:                  pod.NodeSelector,
		Affinity:                      pod.Affinity,
		Tolerations:                   pod.Tolerations,
		TopologySpreadConstraints:     pod.TopologySpreadConstraints,
		PriorityClassName:             pod.PriorityClassName,
		TerminationGracePeriodSeconds: pod.TerminationGracePeriodSeconds,
		OS:                            pod.OS,
		HostNetwork:                   pod.HostNetwork,
		HostPID:                       pod.HostPID,
		HostIPC:                       pod.HostIPC,
		HostUsers:                     pod.HostUsers,
		SecurityContext:               podSecurity(pod.SecurityContext),
		InitContainers:                containersOf(pod.InitContainers),
		Containers:                    containersOf(pod.Containers),
		Volumes:                       volumesOf(pod.Volumes),
	}
}

func containersOf(containers []corev1.Container) []corev1.Container {
	var out []corev1.Container
	for _, c := range containers {
		security := c.SecurityContext.DeepCopy()
		if security != nil {
			security.WindowsOptions = windows(security.WindowsOptions)
		}
		out = append(out, corev1.Container{
			Name: c.Name, Image: c.Image, Resources: c.Resources, Ports: c.Ports,
			RestartPolicy: c.RestartPolicy, SecurityContext: security,
		})
	}
	return out
}

// podSecurity is the pod's own security context. Of sysctls there are the names, which are all that is judged.
func podSecurity(security *corev1.PodSecurityContext) *corev1.PodSecurityContext {
	out := security.DeepCopy()
	if out == nil {
		return nil
	}
	out.WindowsOptions = windows(out.WindowsOptions)
	for i := range out.Sysctls {
		out.Sysctls[i].Value = ""
	}
	return out
}

// windows leaves of the options for Windows what Pod Security judges: the rest holds credentials.
func windows(options *corev1.WindowsSecurityContextOptions) *corev1.WindowsSecurityContextOptions {
	if options == nil {
		return nil
	}
	return &corev1.WindowsSecurityContextOptions{HostProcess: options.HostProcess}
}

// volumesOf are the volumes by name and type. Nothing else of them is kept but the path of one on the node.
func volumesOf(volumes []corev1.Volume) []corev1.Volume {
	var out []corev1.Volume
	for _, v := range volumes {
		kept := corev1.Volume{Name: v.Name}
		from, to := reflect.ValueOf(v.VolumeSource), reflect.ValueOf(&kept.VolumeSource).Elem()
		for i := range from.NumField() {
			if field := from.Field(i); field.Kind() == reflect.Pointer && !field.IsNil() {
				to.Field(i).Set(reflect.New(field.Type().Elem()))
			}
		}
		if v.HostPath != nil {
			kept.HostPath.Path = v.HostPath.Path
		}
		out = append(out, kept)
	}
	return out
}
