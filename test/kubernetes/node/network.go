//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
)

// nic is the node's network interface: macvlan's master, since the default route goes by it. It is there
// before the node reads what to be.
const nic = "ens3"

// ip is the node's address without the prefix length.
func (c *config) ip() string {
	ip, _, _ := strings.Cut(c.Address, "/")
	return ip
}

// configureNetwork sets up loopback and NIC, and the routes to the gateway and to other nodes' pods.
func (c *config) configureNetwork() error {
	if err := up("lo"); err != nil {
		return err
	}
	address, err := netlink.ParseAddr(c.Address)
	if err != nil {
		return fmt.Errorf("reading the node's address: %w", err)
	}
	link, err := netlink.LinkByName(nic)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", nic, err)
	}
	if err := netlink.AddrAdd(link, address); err != nil {
		return fmt.Errorf("giving %s the address %s: %w", nic, address, err)
	}
	if err := up(nic); err != nil {
		return err
	}
	if err := route("0.0.0.0/0", c.Gateway); err != nil {
		return err
	}
	for network, by := range c.Routes {
		if err := route(network, by); err != nil {
			return err
		}
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return fmt.Errorf("letting the node forward: %w", err)
	}
	return nil
}

func up(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("setting %s up: %w", name, err)
	}
	return nil
}

func route(network, gateway string) error {
	_, to, err := net.ParseCIDR(network)
	if err != nil {
		return fmt.Errorf("reading a route: %w", err)
	}
	if err := netlink.RouteAdd(&netlink.Route{Dst: to, Gw: net.ParseIP(gateway)}); err != nil {
		return fmt.Errorf("adding the route to %s by %s: %w", network, gateway, err)
	}
	return nil
}
