package render

import (
	"slices"
	"strings"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/templates"
)

// cniVersion is the newest that the egress-router CNI plugin takes.
const cniVersion = "0.4.0"

// logFile is where, on the node, the CNI plugin writes what it tells nobody else. It is the operator's
// choice too, so that there is one place to look.
const logFile = "/tmp/egress-router-log"

// conflist is a CNI network configuration list.
type conflist struct {
	CNIVersion string `json:"cniVersion"`
	Name       string `json:"name"`
	Plugins    []any  `json:"plugins"`
}

// pluginConf is the configuration of the CNI plugin egress-router.
type pluginConf struct {
	Type          string            `json:"type"`
	InterfaceArgs map[string]string `json:"interfaceArgs,omitempty"`
	IP            pluginIP          `json:"ip"`
	LogFile       string            `json:"log_file"`
}

type pluginIP struct {
	Addresses    []string `json:"addresses"`
	Destinations []string `json:"destinations"`
	Gateway      string   `json:"gateway"`
}

// tuningConf is the configuration of the CNI plugin tuning.
type tuningConf struct {
	Type   string            `json:"type"`
	MAC    string            `json:"mac,omitempty"`
	Sysctl map[string]string `json:"sysctl"`
}

// standaloneNAD renders the standalone NetworkAttachmentDefinition of r: the egress-router plugin, then tuning,
// which fixes the MAC and announces it, and has net1 answer ARP for nobody else.
func standaloneNAD(r *nov1.EgressRouter, o Options) (*unstructured.Unstructured, error) {
	config, err := nadConfig(r, o)
	if err != nil {
		return nil, err
	}
	var nad nadv1.NetworkAttachmentDefinition
	if err := fill(templates.NAD, &nad); err != nil {
		return nil, err
	}
	nad.Name, nad.Namespace = r.Name, r.Namespace
	nad.Labels = egress.Labels(r.Name)
	nad.Spec.Config = config
	return toUnstructured(&nad)
}

// nadConfig is spec.config of r's standalone NAD.
func nadConfig(r *nov1.EgressRouter, o Options) (string, error) {
	list := conflist{CNIVersion: cniVersion, Name: r.Name, Plugins: []any{pluginConf{
		Type:          routerPlugin,
		InterfaceArgs: interfaceArgs(r.Spec.NetworkInterface.Macvlan),
		IP:            Want(r, egress.Standalone).plugin(),
		LogFile:       logFile,
	}}}
	if tuning := o.tuning(r); len(tuning.Sysctl) > 0 {
		list.Plugins = append(list.Plugins, tuning)
	}
	return marshal(list)
}

// The sysctls that tuning sets on net1.
const (
	arpNotify = "net.ipv4.conf.IFNAME.arp_notify"
	proxyARP  = "net.ipv4.conf.IFNAME.proxy_arp"
)

// tuning is what of r's interface is set after the egress-router plugin; without sysctls there is nothing to set.
func (o Options) tuning(r *nov1.EgressRouter) tuningConf {
	t := tuningConf{Type: "tuning", MAC: o.mac(r), Sysctl: map[string]string{}}
	if t.MAC != "" {
		// Without it the gateway keeps the random MAC that the plugin announced before this one was set.
		t.Sysctl[arpNotify] = "1"
	}
	if o.CloseARP {
		t.Sysctl[proxyARP] = "0" // the plugin has set it to 1
	}
	return t
}

// interfaceArgs are m in the plugin's words; nil where m is the plugin's own default.
func interfaceArgs(m nov1.MacvlanConfig) map[string]string {
	args := map[string]string{}
	if m.Mode != "" && m.Mode != nov1.MacvlanModeBridge {
		args["mode"] = strings.ToLower(string(m.Mode))
	}
	if m.Master != "" {
		args["master"] = m.Master
	}
	return args
}

// Network is what a NAD tells the egress-router plugin to do, whoever wrote it.
type Network struct {
	Addresses    []string
	Destinations []string
	Gateway      string
}

func (n Network) plugin() pluginIP {
	return pluginIP(n)
}

// Equal reports whether two NADs make the same router.
func (n Network) Equal(other Network) bool {
	return slices.Equal(n.Addresses, other.Addresses) &&
		slices.Equal(n.Destinations, other.Destinations) && n.Gateway == other.Gateway
}

// Want is what the NAD of r must say: the first address, the rules in order, and for the standalone
// provisioner the fallback IP, last, because it takes all that comes to it.
func Want(r *nov1.EgressRouter, provisioner egress.Provisioner) Network {
	n := Network{Addresses: []string{}, Destinations: []string{}}
	if len(r.Spec.Addresses) > 0 {
		n.Addresses = append(n.Addresses, r.Spec.Addresses[0].IP)
		n.Gateway = r.Spec.Addresses[0].Gateway
	}
	for _, rule := range egress.Rules(r) {
		n.Destinations = append(n.Destinations, egress.Destination(rule))
	}
	if ip := egress.Fallback(r); ip != "" && provisioner == egress.Standalone {
		n.Destinations = append(n.Destinations, ip)
	}
	return n
}
