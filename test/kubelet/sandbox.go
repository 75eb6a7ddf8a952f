package kubelet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sandboxError is a network that could not be set up, in the words of Multus.
type sandboxError struct{ err error }

// Error is the part of the event's message that Multus contributes.
func (e *sandboxError) Error() string { return e.err.Error() }

// Unwrap leads to what the plugin says, and to what it does not say.
func (e *sandboxError) Unwrap() error { return e.err }

// sandboxIP is the address of the pod on the cluster network, or empty where no sandbox was created.
func sandboxIP(pod *corev1.Pod) (string, error) {
	if pod.Status.PodIP != "" || pod.Annotations[nettypes.NetworkStatusAnnot] == "" {
		return pod.Status.PodIP, nil
	}
	// The annotation was written, but the status after it was not.
	links, err := linksOf(pod)
	if err != nil || len(links) == 0 || len(links[0].IPs) == 0 {
		return "", err
	}
	return links[0].IPs[0], nil
}

// createSandbox gives the pod its networks, as planned by the annotations of its namespace, and returns its address on
// the first. What could not be set up is a *sandboxError.
func (k *kubelet) createSandbox(ctx context.Context, pod *corev1.Pod, node *corev1.Node, planned map[string]string) (ip string, err error) {
	var pods corev1.PodList
	if err := k.client.List(ctx, &pods); err != nil {
		return "", err
	}
	ip, err = freeIP(pods.Items)
	if err != nil {
		return "", err
	}
	selections, err := selectionsOf(pod)
	if err != nil {
		return "", &sandboxError{err}
	}
	if planned[MultusAnnotation] == Asleep {
		selections = nil
	}
	entries := []nettypes.NetworkStatus{{
		Name: k.Network, Interface: "eth0", IPs: []string{ip}, Mac: clusterMAC(ip), Default: true,
	}}
	var destinations []string
	on := machine{k.Interfaces, takenMACs(pods.Items, node.Name), planned[PluginAnnotation]}
	for _, selection := range selections {
		link, multus, err := k.attach(ctx, pod, selection, on)
		if err != nil {
			return "", err
		}
		if !multus { // nobody reads the annotation
			return ip, nil
		}
		entries = append(entries, link.networkStatus(selection))
		destinations = append(destinations, link.destinations...)
	}
	return ip, k.annotate(ctx, pod, entries, destinations)
}

// attach adds one network to the pod. Without Multus in the cluster there is none to add.
func (k *kubelet) attach(ctx context.Context, pod *corev1.Pod, selection nettypes.NetworkSelectionElement, on machine) (l *link, multus bool, err error) {
	config, multus, err := k.readNAD(ctx, pod, selection)
	if err != nil || !multus {
		return nil, multus, err
	}
	plugins, name, err := parseConfig(config, selection.Name)
	if err != nil {
		return nil, true, &sandboxError{fmt.Errorf("%sfailed to unmarshal Spec.Config: %w", delegateError(pod), err)}
	}
	l = &link{name: selection.InterfaceRequest}
	for _, plugin := range plugins {
		if err := plugin.add(l, on); err != nil {
			return nil, true, &sandboxError{fmt.Errorf("[%s/%s/%s:%s]: error adding container to network %q: %w",
				pod.Namespace, pod.Name, pod.UID, name, name, err)}
		}
	}
	if l.mac == "" {
		l.mac, err = randomMAC()
	}
	return l, true, err
}

// annotate writes what Multus writes, and what the plugin was told, for tests.
func (k *kubelet) annotate(ctx context.Context, pod *corev1.Pod, entries []nettypes.NetworkStatus, destinations []string) error {
	networks, err := json.MarshalIndent(entries, "", "    ")
	if err != nil {
		return fmt.Errorf("rendering the network status: %w", err)
	}
	before := pod.DeepCopy()
	metav1.SetMetaDataAnnotation(&pod.ObjectMeta, nettypes.NetworkStatusAnnot, string(networks))
	if len(entries) > 1 {
		rules, err := json.Marshal(append([]string{}, destinations...)) // [] where there are none
		if err != nil {
			return fmt.Errorf("rendering the destinations: %w", err)
		}
		metav1.SetMetaDataAnnotation(&pod.ObjectMeta, DestinationsAnnotation, string(rules))
		delete(pod.Annotations, PluginLogAnnotation)
	}
	if err := k.client.Patch(ctx, pod, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("annotating pod %s: %w", client.ObjectKeyFromObject(pod), err)
	}
	return nil
}

func linksOf(pod *corev1.Pod) ([]nettypes.NetworkStatus, error) {
	annotation := pod.Annotations[nettypes.NetworkStatusAnnot]
	if annotation == "" {
		return nil, nil
	}
	var links []nettypes.NetworkStatus
	if err := json.Unmarshal([]byte(annotation), &links); err != nil {
		return nil, fmt.Errorf("reading the network status of pod %s: %w", client.ObjectKeyFromObject(pod), err)
	}
	return links, nil
}

// takenMACs are those of the networks of the pods on a node. A link keeps its MAC until its pod is gone.
func takenMACs(pods []corev1.Pod, node string) map[string]bool {
	taken := map[string]bool{}
	for _, pod := range pods {
		if pod.Spec.NodeName != node {
			continue
		}
		links, _ := linksOf(&pod) // what is unreadable was not written by this package
		for _, link := range links {
			taken[link.Mac] = true
		}
	}
	return taken
}

// freeIP is the lowest address of the pod network, OpenShift's default 10.128.0.0/14, that no pod has.
func freeIP(pods []corev1.Pod) (string, error) {
	taken := map[string]bool{}
	for _, pod := range pods {
		taken[pod.Status.PodIP] = true
		if ip, err := sandboxIP(&pod); err == nil {
			taken[ip] = true
		}
	}
	network := netip.MustParsePrefix("10.128.0.0/14")
	for ip := netip.MustParseAddr("10.128.0.4"); network.Contains(ip); ip = ip.Next() {
		if !taken[ip.String()] {
			return ip.String(), nil
		}
	}
	return "", errors.New("the pod network has no free address")
}
