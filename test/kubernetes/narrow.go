//go:build linux

package kubernetes

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// The network beyond the gateway that takes small packets only, and the server there.
const (
	narrowGateway = "198.51.100.65"
	far3          = "198.51.100.66"
	narrowPrefix  = "/30"
	narrowMTU     = 1000
)

// startNarrow makes that network and its server. The gateway says to who sends more than fits what does fit, by ICMP;
// neither end's interface tells it, so that nobody knows it without that.
func (f *far) startNarrow() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here, err := netns.Get()
	if err != nil {
		return fmt.Errorf("reading the network namespace: %w", err)
	}
	defer func() { _ = here.Close() }()
	if f.narrow, err = netns.New(); err != nil {
		return fmt.Errorf("making a network namespace: %w", err)
	}
	err = f.serveNarrow(here)
	if err := errors.Join(err, netns.Set(here)); err != nil {
		return err
	}
	return routeNarrow()
}

// serveNarrow lays the cable and starts the server. It runs in the namespace of the server.
func (f *far) serveNarrow(gateway netns.NsHandle) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "far3"
	cable := &netlink.Veth{LinkAttrs: attrs, PeerName: "narrow", PeerNamespace: netlink.NsFd(gateway)}
	if err := netlink.LinkAdd(cable); err != nil {
		return fmt.Errorf("making the narrow network: %w", err)
	}
	if err := errors.Join(giveAddress("far3", far3+narrowPrefix), netlink.LinkSetUp(cable)); err != nil {
		return err
	}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: cable.Attrs().Index, Gw: net.ParseIP(narrowGateway)}); err != nil {
		return fmt.Errorf("making the route from the narrow network: %w", err)
	}
	return f.serveWeb(net.JoinHostPort(far3, "80"))
}

// routeNarrow has the gateway forward, and not more than fits.
func routeNarrow() error {
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return fmt.Errorf("letting the gateway forward: %w", err)
	}
	if err := giveAddress("narrow", narrowGateway+narrowPrefix); err != nil {
		return err
	}
	link, err := netlink.LinkByName("narrow")
	if err != nil {
		return fmt.Errorf("looking for narrow: %w", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("setting narrow up: %w", err)
	}
	route := &netlink.Route{
		LinkIndex: link.Attrs().Index, Dst: &net.IPNet{IP: net.ParseIP(far3).To4(), Mask: net.CIDRMask(32, 32)},
		Scope: netlink.SCOPE_LINK, MTU: narrowMTU, MTULock: true,
	}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("making the route to the narrow network: %w", err)
	}
	return nil
}
