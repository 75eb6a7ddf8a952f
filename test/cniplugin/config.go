//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/containernetworking/cni/pkg/types"
)

// config is what the plugin reads. Fields that it does not know, such as ip.fallbackIP, it passes over; one
// of another type, such as an mtu that is a number, makes it fail.
type config struct {
	types.NetConf
	InterfaceType string            `json:"interfaceType"`
	InterfaceArgs map[string]string `json:"interfaceArgs"`
	IP            *ipConfig         `json:"ip"`
	LogFile       string            `json:"log_file"`
}

// ipConfig is the router: its address, where its traffic leaves, and where what comes in is sent.
type ipConfig struct {
	Addresses    []string `json:"addresses"`
	Gateway      string   `json:"gateway"`
	Destinations []string `json:"destinations"`
}

// reserved is the address that the router speaks with, and its gateway.
func (c *ipConfig) reserved() (*net.IPNet, net.IP, error) {
	ip, network, err := net.ParseCIDR(c.Addresses[0])
	if err != nil {
		return nil, nil, fmt.Errorf("unable to parse IP address %q: %w", c.Addresses[0], err)
	}
	if ip.To4() == nil {
		return nil, nil, errors.New("failed to enable forwarding (net.ipv6.ip_forward): no such file or directory")
	}
	gateway := net.ParseIP(c.Gateway)
	if gateway == nil {
		return nil, nil, fmt.Errorf("failed to add new default route, gw %q", c.Gateway)
	}
	return &net.IPNet{IP: ip.To4(), Mask: network.Mask}, gateway.To4(), nil
}

// rule sends what comes to a port, or everything, to an address.
type rule struct {
	protocol string // as iptables and nft call it; "": everything
	port     uint16
	to       string
	toPort   uint16 // 0: the port that it came to
}

// noTarget is what the plugin makes of a target that is no address, a network say. Its programs refuse it.
const noTarget = "<nil>"

// target is where r sends to, as iptables and nft read it.
func (r rule) target() string {
	if r.toPort == 0 {
		return r.to
	}
	return r.to + ":" + strconv.Itoa(int(r.toPort))
}

// rules reads the destinations in order. The first that fits a packet is the one that counts.
func (c *ipConfig) rules() ([]rule, error) {
	var rules []rule
	for _, destination := range c.Destinations {
		r, err := parseRule(destination)
		if err != nil {
			return nil, fmt.Errorf("invalid destination %q: %w", destination, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// parseRule reads an address alone, or port, protocol, address and perhaps a target port, with one space
// between them.
func parseRule(destination string) (r rule, err error) {
	fields := strings.Split(destination, " ")
	switch len(fields) {
	case 1:
		return rule{to: parseTarget(fields[0])}, nil
	case 4:
		if r.toPort, err = parsePort(fields[3]); err != nil {
			return rule{}, err
		}
	case 3:
	default:
		return rule{}, errors.New("neither an IP address nor port, protocol and IP address")
	}
	if r.port, err = parsePort(fields[0]); err != nil {
		return rule{}, err
	}
	r.protocol, r.to = strings.ToLower(fields[1]), parseTarget(fields[2])
	if !slices.Contains([]string{"tcp", "udp", "sctp"}, r.protocol) {
		return rule{}, fmt.Errorf("incorrect protocol %q", fields[1])
	}
	return r, nil
}

func parsePort(s string) (uint16, error) {
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("incorrect port number %q: %w", s, err)
	}
	return uint16(port), nil
}

// parseTarget takes an IPv4 address. What is none passes here: the program that writes the rules refuses it.
func parseTarget(s string) string {
	ip := net.ParseIP(s).To4()
	if ip == nil {
		return noTarget
	}
	return ip.String()
}
