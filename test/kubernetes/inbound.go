//go:build linux

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inboundPatience is how long a pod may take to answer someone outside: a neighbour that answers ARP for another waits
// for most of a second first.
const inboundPatience = 3 * time.Second

// GetInbound asks a pod's web server from the segment, as one who wants in would: by ARP for the pod's own address
// where via is nil, or by the router at via. Any answer will do.
func (c *Cluster) GetInbound(ctx context.Context, address string, via net.IP) error {
	target, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("reading the pod's URL: %w", err)
	}
	bridge, err := netlink.LinkByName(segment)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", segment, err)
	}
	pod := net.ParseIP(target.Hostname())
	route := &netlink.Route{LinkIndex: bridge.Attrs().Index, Dst: &net.IPNet{IP: pod, Mask: net.CIDRMask(32, 32)}, Gw: via}
	if via == nil {
		route.Scope = unix.RT_SCOPE_LINK
	}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("making a route to %s: %w", pod, err)
	}
	defer func() {
		_ = netlink.RouteDel(route)
		_ = netlink.NeighDel(&netlink.Neigh{LinkIndex: bridge.Attrs().Index, IP: pod})
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", address, err)
	}
	client := &http.Client{Timeout: inboundPatience, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("asking %s: %w", address, err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return errors.Join(err, answer.Body.Close())
}
