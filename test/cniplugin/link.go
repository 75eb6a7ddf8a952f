//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/plugins/pkg/ns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// clusterInterface is the pod's interface to the cluster, which is there before the plugin comes.
const clusterInterface = "eth0"

// inPod runs what in the pod's network namespace.
func inPod(path string, what func() error) error {
	return ns.WithNetNSPath(path, func(ns.NetNS) error { return what() })
}

// addInterface makes a macvlan on the node's NIC and puts it into the pod, under its name. The kernel gives it
// a random MAC.
func addInterface(kind string, args map[string]string, netns, name string) (*current.Interface, error) {
	if kind != "" && kind != "macvlan" {
		return nil, fmt.Errorf("interface type %q is not supported", kind)
	}
	mode, err := macvlanMode(args["mode"])
	if err != nil {
		return nil, err
	}
	master, err := masterLink(args["master"])
	if err != nil {
		return nil, err
	}
	mtu := master.Attrs().MTU
	if args["mtu"] != "" {
		if mtu, err = strconv.Atoi(args["mtu"]); err != nil {
			return nil, fmt.Errorf("mtu %q: %w", args["mtu"], err)
		}
	}
	pod, err := ns.GetNS(netns)
	if err != nil {
		return nil, fmt.Errorf("opening the pod's network namespace: %w", err)
	}
	defer func() { _ = pod.Close() }()

	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU, attrs.ParentIndex = name, mtu, master.Attrs().Index
	attrs.Namespace = netlink.NsFd(int(pod.Fd()))
	if err := netlink.LinkAdd(&netlink.Macvlan{LinkAttrs: attrs, Mode: mode}); err != nil {
		return nil, fmt.Errorf("failed to create macvlan on %s: %w", master.Attrs().Name, err)
	}
	iface := &current.Interface{Name: name, Sandbox: netns}
	err = inPod(netns, func() error {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return fmt.Errorf("looking for %s: %w", name, err)
		}
		iface.Mac = link.Attrs().HardwareAddr.String()
		return nil
	})
	return iface, err
}

func macvlanMode(name string) (netlink.MacvlanMode, error) {
	switch name {
	case "", "bridge":
		return netlink.MACVLAN_MODE_BRIDGE, nil
	case "private":
		return netlink.MACVLAN_MODE_PRIVATE, nil
	case "vepa":
		return netlink.MACVLAN_MODE_VEPA, nil
	case "passthru":
		return netlink.MACVLAN_MODE_PASSTHRU, nil
	}
	return 0, fmt.Errorf("unknown macvlan mode: %q", name)
}

// masterLink is the interface called name; without a name, the one of the node's default route.
func masterLink(name string) (netlink.Link, error) {
	if name != "" {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return nil, fmt.Errorf("failed to lookup master %q: %w", name, err)
		}
		return link, nil
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("listing the node's routes: %w", err)
	}
	for _, route := range routes {
		if isDefault(route) {
			return netlink.LinkByIndex(route.LinkIndex)
		}
	}
	return nil, errors.New("no default route found to determine the master interface")
}

func isDefault(route netlink.Route) bool {
	if route.Dst == nil {
		return true
	}
	ones, _ := route.Dst.Mask.Size()
	return ones == 0 && route.Dst.IP.IsUnspecified()
}

// setUp gives the interface its address, tells the network, and lets it take over the default route. It runs
// in the pod.
func setUp(name string, address *net.IPNet, gateway net.IP) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", name, err)
	}
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: address}); err != nil {
		return fmt.Errorf("failed to add %s to %s: %w", address, name, err)
	}
	for _, setting := range []string{"conf/" + name + "/proxy_arp", "ip_forward"} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+setting, []byte("1"), 0o644); err != nil {
			return fmt.Errorf("failed to set %s: %w", setting, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("failed to set %s up: %w", name, err)
	}
	if err := announce(link, address.IP); err != nil {
		return err
	}
	return moveDefaultRoute(link, gateway)
}

// moveDefaultRoute deletes eth0's default route and makes one by the gateway. eth0's other routes stay.
func moveDefaultRoute(link netlink.Link, gateway net.IP) error {
	cluster, err := netlink.LinkByName(clusterInterface)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", clusterInterface, err)
	}
	routes, err := netlink.RouteList(cluster, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("listing the routes of %s: %w", clusterInterface, err)
	}
	for _, route := range routes {
		if !isDefault(route) {
			continue
		}
		if err := netlink.RouteDel(&route); err != nil {
			return fmt.Errorf("failed to delete the default route of %s: %w", clusterInterface, err)
		}
	}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: gateway}); err != nil {
		return fmt.Errorf("failed to add new default route, gw %s: %w", gateway, err)
	}
	return nil
}

// findInterface fails where the interface is missing. It runs in the pod.
func findInterface(name string) error {
	_, err := netlink.LinkByName(name)
	return err
}

// removeInterface removes the interface, if it is there. It runs in the pod.
func removeInterface(name string) error {
	link, err := netlink.LinkByName(name)
	if missing := (netlink.LinkNotFoundError{}); errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for %s: %w", name, err)
	}
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("removing %s: %w", name, err)
	}
	return nil
}
