package kubelet

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// link is a pod's interface while plugins work on it.
type link struct {
	name, mac         string
	ips, destinations []string
}

func (l *link) networkStatus(selection nettypes.NetworkSelectionElement) nettypes.NetworkStatus {
	return nettypes.NetworkStatus{
		Name: selection.Namespace + "/" + selection.Name, Interface: l.name, IPs: l.ips, Mac: l.mac,
	}
}

// selectionsOf reads the pod's networks annotation, in either notation: a JSON list, or names with
// commas between, as namespace/name@interface. Namespaces and interfaces left out are filled in.
func selectionsOf(pod *corev1.Pod) ([]nettypes.NetworkSelectionElement, error) {
	annotation := strings.TrimSpace(pod.Annotations[nettypes.NetworkAttachmentAnnot])
	if annotation == "" {
		return nil, nil
	}
	var selections []nettypes.NetworkSelectionElement
	if strings.HasPrefix(annotation, "[") {
		if err := json.Unmarshal([]byte(annotation), &selections); err != nil {
			return nil, fmt.Errorf("parsePodNetworkAnnotation: failed to parse pod Network Attachment Selection Annotation JSON format: %w", err)
		}
	} else {
		for name := range strings.SplitSeq(annotation, ",") {
			name, device, _ := strings.Cut(strings.TrimSpace(name), "@")
			namespace, name, found := strings.Cut(name, "/")
			if !found {
				namespace, name = "", namespace
			}
			selections = append(selections, nettypes.NetworkSelectionElement{Namespace: namespace, Name: name, InterfaceRequest: device})
		}
	}
	for i := range selections {
		if selections[i].Namespace == "" {
			selections[i].Namespace = pod.Namespace
		}
		if selections[i].InterfaceRequest == "" {
			selections[i].InterfaceRequest = fmt.Sprintf("net%d", i+1)
		}
	}
	return selections, nil
}

// readNAD gets the CNI configuration of a network. That none is there Multus says clearly, unlike what
// the plugin does. multus is false where the cluster does not know networks at all.
func (k *kubelet) readNAD(ctx context.Context, pod *corev1.Pod, selection nettypes.NetworkSelectionElement) (config string, multus bool, err error) {
	var nad nettypes.NetworkAttachmentDefinition
	err = k.client.Get(ctx, client.ObjectKey{Namespace: selection.Namespace, Name: selection.Name}, &nad)
	switch {
	case meta.IsNoMatchError(err):
		return "", false, nil
	case apierrors.IsNotFound(err):
		return "", true, &sandboxError{fmt.Errorf("%scannot find a network-attachment-definition (%s) in namespace (%s): %w",
			delegateError(pod), selection.Name, selection.Namespace, err)}
	}
	return nad.Spec.Config, true, err
}

// delegateError is how Multus begins to say that it could not read a network.
func delegateError(pod *corev1.Pod) string {
	return fmt.Sprintf("[%s/%s/%s]: error loading k8s delegates k8s args: TryLoadPodDelegates: error in getting k8s network for pod: "+
		"GetNetworkDelegates: failed getting the delegate: ", pod.Namespace, pod.Name, pod.UID)
}

// plugin is one CNI plugin with its configuration.
type plugin struct {
	CNIVersion string `json:"cniVersion"`
	Type       string `json:"type"`
	MAC        string `json:"mac"` // the tuning plugin's
	raw        json.RawMessage
}

// parseConfig reads a CNI configuration, of one plugin or a list of them, and the network's name, which
// is that of its definition where the configuration has none.
func parseConfig(config, definition string) (plugins []plugin, name string, err error) {
	var list struct {
		plugin
		Name    string            `json:"name"`
		Plugins []json.RawMessage `json:"plugins"`
	}
	if err := json.Unmarshal([]byte(config), &list); err != nil {
		return nil, "", err
	}
	if list.Name == "" {
		list.Name = definition
	}
	if len(list.Plugins) == 0 {
		list.raw = json.RawMessage(config)
		return []plugin{list.plugin}, list.Name, nil
	}
	for _, raw := range list.Plugins {
		p := plugin{raw: raw}
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, "", err
		}
		p.CNIVersion = list.CNIVersion // a list's version is that of all its plugins
		plugins = append(plugins, p)
	}
	return plugins, list.Name, nil
}

// machine is what plugins find on a node: its interfaces, the MACs on them, and which egress-router plugin it has, as
// PluginAnnotation says it.
type machine struct {
	interfaces []string
	taken      map[string]bool
	router     string
}

// add runs the plugin on the link of a pod on a node.
// A plugin other than egress-router and tuning is taken to succeed and to change nothing.
func (p *plugin) add(l *link, on machine) error {
	switch p.Type {
	case "egress-router":
		supported := []string{"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"}
		if p.CNIVersion != "" && !slices.Contains(supported, p.CNIVersion) {
			return fmt.Errorf("incompatible CNI versions; config is %q, plugin supports %q", p.CNIVersion, supported)
		}
		return addRouter(p.raw, l, on)
	case "tuning":
		return p.tune(l, on.taken)
	}
	return nil
}

// tune sets a fixed MAC. The kernel refuses one that another macvlan on the same interface has, and
// this plugin, unlike egress-router, says what went wrong.
func (p *plugin) tune(l *link, taken map[string]bool) error {
	if p.MAC == "" {
		return nil
	}
	mac, err := net.ParseMAC(p.MAC)
	if err != nil {
		return fmt.Errorf("plugin type=%q failed (add): invalid args %s for MAC addr: %w", p.Type, p.MAC, err)
	}
	if taken[mac.String()] {
		return fmt.Errorf("plugin type=%q failed (add): failed to set %q address to %q: address already in use", p.Type, l.name, p.MAC)
	}
	l.mac = mac.String()
	return nil
}

// randomMAC is one as the kernel gives to a macvlan: locally administered, of one interface.
func randomMAC() (string, error) {
	mac := make(net.HardwareAddr, 6)
	if _, err := rand.Read(mac); err != nil {
		return "", fmt.Errorf("making a MAC address: %w", err)
	}
	mac[0] = mac[0]&^0x01 | 0x02
	return mac.String(), nil
}

// clusterMAC is the MAC that OVN-Kubernetes gives to a pod of that IPv4 address.
func clusterMAC(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	return net.HardwareAddr(append([]byte{0x0a, 0x58}, address.AsSlice()...)).String()
}
