package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Crowd is how much a cluster is filled with. Its routers are the operator's, one in a namespace; they are as
// they would be if operator and nodes had done their work, of which neither runs.
type Crowd struct {
	// Routers is how many routers there are; those from First on are made, the others are there.
	First, Routers int
	// Pods is how many pods each namespace has: the router's and others.
	Pods int
	// Nodes is how many nodes there are, made with the first router.
	Nodes int
}

// Fill makes a crowd in a cluster that has no stand-ins, with as many requests at a time as it takes.
func Fill(ctx context.Context, c client.Client, crowd Crowd) error {
	if crowd.First == 0 {
		if err := each(ctx, 0, crowd.Nodes, func(ctx context.Context, i int) error { return fillNode(ctx, c, i) }); err != nil {
			return err
		}
	}
	return each(ctx, crowd.First, crowd.Routers, func(ctx context.Context, i int) error { return fillRouter(ctx, c, i, crowd) })
}

func each(ctx context.Context, first, n int, do func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i := first; i < n; i++ {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

func nodeName(i int) string { return fmt.Sprintf("worker-%03d", i) }

func fillNode(ctx context.Context, c client.Client, i int) error {
	address := fmt.Sprintf("10.200.%d.%d", i/250, i%250+1)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name:   nodeName(i),
		Labels: map[string]string{corev1.LabelHostname: nodeName(i), "node-role.kubernetes.io/worker": ""},
		Annotations: map[string]string{
			"k8s.ovn.org/host-cidrs":          fmt.Sprintf("[%q]", address+"/8"),
			"k8s.ovn.org/node-primary-ifaddr": fmt.Sprintf("{\"ipv4\":%q}", address+"/8"),
		},
	}}
	if err := c.Create(ctx, node); err != nil {
		return fmt.Errorf("creating node %s: %w", node.Name, err)
	}
	if err := c.Patch(ctx, node, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"taints":null}}`))); err != nil {
		return fmt.Errorf("making node %s schedulable: %w", node.Name, err)
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	if err := c.Status().Update(ctx, node); err != nil {
		return fmt.Errorf("making node %s Ready: %w", node.Name, err)
	}
	return nil
}

func fillRouter(ctx context.Context, c client.Client, i int, crowd Crowd) error {
	namespace, address := fmt.Sprintf("crowd-%04d", i), fmt.Sprintf("10.0.%d.%d", (i+1)/256, (i+1)%256)
	router := &nov1.EgressRouter{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "partner"},
		Spec: nov1.EgressRouterSpec{
			Mode:             nov1.EgressRouterModeRedirect,
			NetworkInterface: nov1.EgressRouterInterface{Macvlan: nov1.MacvlanConfig{Mode: nov1.MacvlanModeBridge}},
			Addresses:        []nov1.EgressRouterAddress{{IP: address + "/8", Gateway: "10.255.255.254"}},
			Redirect: &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{
				{DestinationIP: "203.0.113.26", Port: 8080, Protocol: nov1.ProtocolTypeTCP, TargetPort: 80}}},
		},
		Status: nov1.EgressRouterStatus{Conditions: []nov1.EgressRouterStatusCondition{}},
	}
	objects := []client.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, router}
	for _, object := range objects {
		if err := c.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %T in %s: %w", object, namespace, err)
		}
	}
	objects, err := rendered(router, address)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := c.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %T in %s: %w", object, namespace, err)
		}
	}
	for j := range crowd.Pods {
		if err := fillPod(ctx, c, namespace, nodeName((i+j)%max(crowd.Nodes, 1)), address, j); err != nil {
			return fmt.Errorf("pod %d in %s: %w", j, namespace, err)
		}
	}
	return nil
}

// rendered is what the operator makes of the router, and its Service. The Deployment is paused, so that no
// controller makes pods of it: those are made as if they had been at work for a while.
func rendered(router *nov1.EgressRouter, address string) ([]client.Object, error) {
	labels := map[string]string{"app": "egress-router-cni"}
	owner := []metav1.OwnerReference{{APIVersion: nov1.GroupVersion.String(), Kind: "EgressRouter", Name: router.Name, UID: router.UID}}
	config, err := json.Marshal(map[string]any{
		"cniVersion": "0.4.0", "type": "egress-router", "name": "egress-router-cni-nad", "log_file": "/tmp/egress-router-log", "log_level": "debug",
		"ip": map[string]any{"addresses": []string{address + "/8"}, "gateway": "10.255.255.254", "destinations": []string{"8080 TCP 203.0.113.26 80"}},
	})
	if err != nil {
		return nil, fmt.Errorf("rendering the NAD of %s: %w", router.Namespace, err)
	}
	return []client.Object{
		&nadv1.NetworkAttachmentDefinition{
			ObjectMeta: metav1.ObjectMeta{Namespace: router.Namespace, Name: "egress-router-cni-nad", OwnerReferences: owner},
			Spec:       nadv1.NetworkAttachmentDefinitionSpec{Config: string(config)},
		},
		&appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: router.Namespace, Name: "egress-router-cni-deployment", Labels: labels, OwnerReferences: owner},
			Spec: appsv1.DeploymentSpec{
				Paused: true, Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: podAnnotations("")}, Spec: podSpec("")},
			},
		},
		&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: router.Namespace, Name: router.Name},
			Spec:       corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Name: "tcp-8080", Port: 8080}}},
		},
	}, nil
}

func podSpec(node string) corev1.PodSpec {
	return corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{
		Name: "egress-router-cni-pod", Image: "router:crowd", Command: []string{"/bin/sh", "-c", "sleep infinity"},
	}}}
}

// podAnnotations ask for net1, and with an address say that it is there.
func podAnnotations(address string) map[string]string {
	annotations := map[string]string{nadv1.NetworkAttachmentAnnot: `[{"name":"egress-router-cni-nad","default-route":["10.255.255.254"]}]`}
	if address != "" {
		annotations[nadv1.NetworkStatusAnnot] = fmt.Sprintf(`[{"name":"ovn-kubernetes","interface":"eth0","ips":["10.128.0.9"],"mac":"0a:58:0a:80:00:09","default":true,"dns":{}},`+
			`{"name":"egress-router-cni-nad","interface":"net1","ips":[%q],"mac":"3e:00:00:00:00:01","dns":{}}]`, address)
	}
	return annotations
}

// fillPod makes a pod that runs: the first of a namespace is the router's.
func fillPod(ctx context.Context, c client.Client, namespace, node, address string, j int) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("app-%d", j), Labels: map[string]string{"app": "shop"}}, Spec: podSpec(node)}
	if j == 0 {
		pod.Name, pod.Labels, pod.Annotations = "egress-router-cni-deployment-5d9f", map[string]string{"app": "egress-router-cni"}, podAnnotations(address)
	}
	// A pod is refused until the namespace has its service account.
	for {
		err := c.Create(ctx, pod)
		if err == nil {
			break
		}
		if !apierrors.IsForbidden(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	now := metav1.Now()
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: "10.128.0.9", PodIPs: []corev1.PodIP{{IP: "10.128.0.9"}}, StartTime: &now,
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: "egress-router-cni-pod", Image: "router:crowd", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		}},
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodReady, corev1.ContainersReady, corev1.PodInitialized, corev1.PodScheduled} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	return c.Status().Update(ctx, pod)
}
