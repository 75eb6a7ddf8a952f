package kubelet

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// routerConfig is what the egress-router plugin reads. Fields it does not know, such as fallbackIP, it
// ignores; a field of another type, such as an mtu that is a number, it fails on.
type routerConfig struct {
	InterfaceType string            `json:"interfaceType"`
	InterfaceArgs map[string]string `json:"interfaceArgs"`
	IP            *struct {
		Addresses    []string `json:"addresses"`
		Gateway      string   `json:"gateway"`
		Destinations []string `json:"destinations"`
	} `json:"ip"`
	LogFile string `json:"log_file"`
}

// swallowed is an error that the plugin keeps to its log file: it ends with success and without output,
// and all that anyone hears is that empty output is no JSON.
type swallowed struct{ cause error }

// Error is what Multus and the container runtime report in its place.
func (e *swallowed) Error() string {
	return "failed to unmarshal raw result: unexpected end of JSON input"
}

// Unwrap gives what the plugin's log file says.
func (e *swallowed) Unwrap() error { return e.cause }

// addRouter does what the plugin's ADD does, on that node: the link gets the router's address, and the rules become those
// of the configuration. One that iptables refuses is missing, and the plugin before 4.20 does not see that.
func addRouter(raw json.RawMessage, link *link, on machine) error {
	var conf routerConfig
	if err := json.Unmarshal(raw, &conf); err != nil {
		return &swallowed{fmt.Errorf("failed to load netconf: %w", err)}
	}
	if err := conf.checkInterface(on.interfaces); err != nil {
		return &swallowed{err}
	}
	if conf.IP == nil || len(conf.IP.Addresses) == 0 {
		return errors.New(`netplugin failed: "panic: runtime error: index out of range [0] with length 0"`)
	}
	address, err := conf.address()
	if err != nil {
		return &swallowed{err}
	}
	if on.router == PluginNoNFT {
		return &swallowed{errors.New("failed to get NFTables: could not find nftables binary")}
	}
	for _, destination := range conf.IP.Destinations {
		target, err := targetOf(destination)
		if err != nil {
			return &swallowed{fmt.Errorf("invalid destination %q: %w", destination, err)}
		}
		switch address, err := netip.ParseAddr(target); {
		case err == nil && address.Is4():
			link.destinations = append(link.destinations, destination)
		case on.router != PluginIptables:
			return &swallowed{fmt.Errorf("failed to set nftables rules: %q: dnat to <nil>", destination)}
		}
	}
	link.ips = append(link.ips, address.Addr().String())
	return nil
}

func (c *routerConfig) checkInterface(interfaces []string) error {
	if c.InterfaceType != "" && c.InterfaceType != "macvlan" {
		return fmt.Errorf("interface type %q is not supported", c.InterfaceType)
	}
	if mode := c.InterfaceArgs["mode"]; mode != "" && !slices.Contains([]string{"bridge", "private", "vepa", "passthru"}, mode) {
		return fmt.Errorf("unknown macvlan mode: %q", mode)
	}
	if master := c.InterfaceArgs["master"]; master != "" && !slices.Contains(interfaces, master) {
		return fmt.Errorf("failed to lookup master %q: Link not found", master)
	}
	if mtu := c.InterfaceArgs["mtu"]; mtu != "" {
		const masters = 1500
		if n, err := strconv.Atoi(mtu); err != nil || n > masters {
			return fmt.Errorf("failed to create macvlan: mtu %s: invalid argument", mtu)
		}
	}
	return nil
}

// address is the first address, the only one used, if it and the gateway can be set up.
func (c *routerConfig) address() (netip.Prefix, error) {
	address, err := netip.ParsePrefix(c.IP.Addresses[0])
	if err != nil {
		return address, fmt.Errorf("unable to parse IP address %q: %w", c.IP.Addresses[0], err)
	}
	if !address.Addr().Is4() {
		return address, errors.New("failed to enable forwarding (net.ipv6.ip_forward): no such file or directory")
	}
	gateway, err := netip.ParseAddr(c.IP.Gateway)
	if err != nil || !address.Masked().Contains(gateway) {
		return address, fmt.Errorf("failed to add new default route, gw %q: network is unreachable", c.IP.Gateway)
	}
	return address, nil
}

// targetOf reads an IP alone, or port, protocol, IP and perhaps a target port, one space between them. Port 0 passes; a
// range does not. What the IP is, the program that writes the rule sees.
func targetOf(destination string) (string, error) {
	fields := strings.Split(destination, " ")
	if len(fields) == 1 {
		return fields[0], nil
	}
	if len(fields) != 3 && len(fields) != 4 {
		return "", errors.New("neither an IP nor port, protocol and IP")
	}
	if !slices.Contains([]string{"tcp", "udp", "sctp"}, strings.ToLower(fields[1])) {
		return "", fmt.Errorf("incorrect protocol %q", fields[1])
	}
	for _, port := range append(fields[3:], fields[0]) {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", fmt.Errorf("incorrect port number %q: %w", port, err)
		}
	}
	return fields[2], nil
}
