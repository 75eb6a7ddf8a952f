//go:build linux

package kubernetes

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
)

// The network outside the cluster, all of it of addresses for documentation (RFC 5737).
const (
	segment    = "outside"                       // the bridge that nodes are plugged into
	gateway    = "192.0.2.1"                     // its address, and everyone's way out
	prefix     = "/24"                           // of what is on the segment
	nodeNIC    = "ens3"                          // the nodes' end
	podNetwork = "10.244.0.0/16"                 // of all nodes
	services   = "172.30.0.0/16"                 // as package kube starts the API server
	far1, far2 = "203.0.113.26", "198.51.100.10" // servers beyond the gateway
)

// podNetworkOf is the part of the pod network that a node has.
func podNetworkOf(node int) string { return fmt.Sprintf("10.244.%d.0/24", node) }

// addressOf is a node's address, without the prefix length.
func addressOf(node int) string { return fmt.Sprintf("192.0.2.%d", 10+node) }

// portOf is the segment's end of a node's cable.
func portOf(node int) string { return fmt.Sprintf("port%d", node) }

// macOfNode is the MAC of a node's NIC.
func macOfNode(node int) net.HardwareAddr { return net.HardwareAddr{0x02, 0, 0, 0, 1, byte(node)} }

// makeOutside makes the segment, with the gateway on it and the far servers' addresses behind. Nothing leads
// from the gateway to pods or Services, so that nothing answers what leaves a pod with its own address.
func makeOutside() error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = segment
	bridge := &netlink.Bridge{LinkAttrs: attrs}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("making the bridge %s: %w", segment, err)
	}
	if err := giveAddress(segment, gateway+prefix); err != nil {
		return err
	}
	for _, far := range []string{far1, far2} {
		if err := giveAddress("lo", far+"/32"); err != nil {
			return err
		}
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("setting %s up: %w", segment, err)
	}
	return nil
}

func giveAddress(name, address string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", name, err)
	}
	parsed, err := netlink.ParseAddr(address)
	if err != nil {
		return fmt.Errorf("reading address %s: %w", address, err)
	}
	if err := netlink.AddrAdd(link, parsed); err != nil {
		return fmt.Errorf("giving %s the address %s: %w", name, address, err)
	}
	return nil
}

// plugIn lays a cable from the segment to the network namespace of process pid.
func plugIn(node, pid int) error {
	bridge, err := netlink.LinkByName(segment)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", segment, err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = portOf(node)
	attrs.MasterIndex = bridge.Attrs().Index
	cable := &netlink.Veth{LinkAttrs: attrs, PeerName: nodeNIC, PeerNamespace: netlink.NsPid(pid), PeerHardwareAddr: macOfNode(node)}
	if err := netlink.LinkAdd(cable); err != nil {
		return fmt.Errorf("plugging node %d in: %w", node, err)
	}
	if err := netlink.LinkSetUp(cable); err != nil {
		return fmt.Errorf("setting %s up: %w", attrs.Name, err)
	}
	return nil
}

// macOf is the MAC that the gateway sends to when it answers ip: what a partner's firewall would find.
func macOf(ip net.IP) (string, error) {
	bridge, err := netlink.LinkByName(segment)
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", segment, err)
	}
	neighbours, err := netlink.NeighList(bridge.Attrs().Index, netlink.FAMILY_V4)
	if err != nil {
		return "", fmt.Errorf("listing the gateway's neighbours: %w", err)
	}
	for _, neighbour := range neighbours {
		if neighbour.IP.Equal(ip) && len(neighbour.HardwareAddr) > 0 {
			return neighbour.HardwareAddr.String(), nil
		}
	}
	return "nobody's MAC", nil
}
