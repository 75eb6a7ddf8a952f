package check

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// defaultLog is where routers of either provisioner have the CNI plugin log, on the node.
const defaultLog = "/tmp/egress-router-log"

// pluginConfig is what the egress-router plugin reads of a NAD.
type pluginConfig struct {
	InterfaceType string                     `json:"interfaceType"`
	InterfaceArgs map[string]json.RawMessage `json:"interfaceArgs"`
	IP            *struct {
		Addresses    []string `json:"addresses"`
		Gateway      string   `json:"gateway"`
		Destinations []string `json:"destinations"`
	} `json:"ip"`
	LogFile string `json:"log_file"`
}

// notOurs is what there is to say of a NAD whose config the Snapshot leaves out.
const notOurs = "the NAD's config is not for the egress-router plugin, or no JSON"

// readConfig reads the egress-router plugin of a NAD's spec.config.
func readConfig(config string) (pluginConfig, error) {
	if config == "" {
		return pluginConfig{}, errors.New(notOurs)
	}
	var conf pluginConfig
	plugin, err := render.ReadRouterPlugin(config)
	if err == nil {
		err = plugin.Read(&conf)
	}
	return conf, err
}

// causesOf are what can make the plugin fail silently on r, most likely first: what the spec shows, then
// what the NAD shows, then what only the node knows.
func causesOf(r snapshot.Router, nad *snapshot.NAD, node string) []string {
	var out []string
	for _, f := range checkSpec(r) {
		if slices.Contains(fatal(), f.Code) {
			out = append(out, sprintf("%s: %s", f.Code, f.Message))
		}
	}
	master := ""
	if nad != nil {
		conf, err := readConfig(nad.Config)
		if err != nil {
			out = append(out, err.Error())
		} else {
			master = unquoted(conf.InterfaceArgs["master"])
			// The NAD of a spec with faults has the same: only what it adds is said.
			if len(out) == 0 || difference(r, nad) != "" {
				out = append(out, conf.faults()...)
			} else {
				out = append(out, conf.interfaceFaults()...)
			}
		}
	}
	return append(out, nodeCauses(r, master, node)...)
}

// fatal are the spec's faults on which the plugin fails.
func fatal() []finding.Code {
	return []finding.Code{
		finding.NoPrefix, finding.UnusableAddress, finding.NoGateway, finding.GatewayElsewhere, finding.IPv6,
		finding.BadDestination, finding.NoAddress, finding.Passthru, finding.BadMaster,
	}
}

// noNFT is what the plugin of OpenShift 4.20 on logs where its node lacks nft.
const noNFT = "could not find nftables binary"

// nodeCauses are those that nothing in the API shows.
func nodeCauses(r snapshot.Router, master, node string) []string {
	master = "the interface " + cmp.Or(master, "of the default route")
	out := []string{
		sprintf("the program nft is not in the container runtime's PATH on node %s, as on many nodes that are not OpenShift's (the log says %q)", node, noNFT),
		sprintf("%s is missing or down on node %s, or takes no macvlan", master, node),
		sprintf("the kernel of node %s has no nf_tables", node),
	}
	for _, rule := range egress.Rules(&r.EgressRouter) {
		if rule.Protocol == nov1.ProtocolTypeSCTP {
			return append(out, sprintf("the kernel of node %s has no SCTP (EGR115)", node))
		}
	}
	return out
}

// faults are what in p the plugin fails on.
func (p pluginConfig) faults() []string {
	if p.IP == nil || len(p.IP.Addresses) == 0 {
		return append([]string{"the NAD has no address"}, p.interfaceFaults()...)
	}
	var out []string
	prefix, err := netip.ParsePrefix(p.IP.Addresses[0])
	gateway, gatewayErr := netip.ParseAddr(p.IP.Gateway)
	switch {
	case err != nil:
		out = append(out, sprintf("the NAD's address %q has no prefix length, or is none", p.IP.Addresses[0]))
	case !prefix.Addr().Is4():
		out = append(out, sprintf("the NAD's address %s is IPv6", prefix))
	case gatewayErr != nil:
		out = append(out, sprintf("the NAD's gateway %q is not an IP address", p.IP.Gateway))
	case !prefix.Contains(gateway):
		out = append(out, sprintf("the NAD's gateway %s is outside the subnet %s", gateway, prefix.Masked()))
	}
	for _, destination := range p.IP.Destinations {
		if problem := badNotation(destination); problem != "" {
			out = append(out, sprintf("the NAD's destination %q %s", destination, problem))
		}
	}
	return append(out, p.interfaceFaults()...)
}

// interfaceFaults are what in interfaceType and interfaceArgs the plugin fails on.
func (p pluginConfig) interfaceFaults() []string {
	var out []string
	if p.InterfaceType != "" && p.InterfaceType != "macvlan" {
		out = append(out, sprintf("the NAD's interfaceType is %q, and only macvlan is known", p.InterfaceType))
	}
	if mode := unquoted(p.InterfaceArgs["mode"]); mode != "" && !slices.Contains([]string{"bridge", "private", "vepa", "passthru"}, mode) {
		out = append(out, sprintf("the NAD's macvlan mode is %q, and it must be bridge, private, vepa or passthru, in lower case", mode))
	}
	if raw, given := p.InterfaceArgs["mtu"]; given {
		if mtu := unquoted(raw); string(raw) == mtu {
			out = append(out, sprintf("the NAD's mtu is the number %s, and the plugin wants it as text: %q", mtu, mtu))
		} else {
			out = append(out, sprintf("the NAD's mtu %q may be above that of the interface", mtu))
		}
	}
	return out
}

// unquoted is the text of a JSON string, and anything else as it stands.
func unquoted(raw json.RawMessage) string {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return string(raw)
	}
	return text
}

// badNotation says what is wrong with a destination in the plugin's own notation, "8080 TCP 203.0.113.26 80"
// or an IP alone, or "".
func badNotation(s string) string {
	fields := strings.Split(s, " ")
	if slices.Contains(fields, "") {
		return "has a space too many"
	}
	ip := fields[0]
	if len(fields) > 1 {
		if len(fields) != 3 && len(fields) != 4 {
			return "is neither an IP address nor PORT PROTOCOL IP [TARGETPORT]"
		}
		ip = fields[2]
		if !slices.Contains([]string{"tcp", "udp", "sctp"}, strings.ToLower(fields[1])) {
			return "has the protocol " + fields[1] + ", and only TCP, UDP and SCTP are known"
		}
		for _, port := range append(fields[3:], fields[0]) {
			if _, err := strconv.ParseUint(port, 10, 16); err != nil {
				return "has the port " + port + ", which is not one number"
			}
		}
	}
	return badDestination(ip, true)
}
