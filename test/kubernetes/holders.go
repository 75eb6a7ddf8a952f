//go:build linux

package kubernetes

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// podNamespaces is where containerd keeps the network namespaces of a node's pods.
const podNamespaces = "run/containerd/io.containerd.grpc.v1.cri/netns"

// routerNIC is the interface of a router's pod that has the reserved address.
const routerNIC = "net1"

// Holders are the pods whose net1 has address, as "node-1/" and the name of the pod's network namespace. Two of
// them are two at one moment: where a second is found, the first is looked at again.
func (c *Cluster) Holders(address net.IP) ([]string, error) {
	held, err := c.holdersOnce(address)
	if err != nil || len(held) < 2 {
		return held, err
	}
	again, err := c.holdersOnce(address)
	if err != nil {
		return nil, err
	}
	last := held[len(held)-1]
	still := slices.DeleteFunc(held[:len(held)-1], func(name string) bool { return !slices.Contains(again, name) })
	return append(still, last), nil
}

// holdersOnce looks into one pod after the other.
func (c *Cluster) holdersOnce(address net.IP) ([]string, error) {
	var held []string
	for _, n := range c.nodes {
		folder := n.path(podNamespaces)
		pods, err := os.ReadDir(folder)
		if errors.Is(err, os.ErrNotExist) {
			continue // no pod has run there, or the node has ended
		}
		if err != nil {
			return nil, fmt.Errorf("listing the network namespaces of %s: %w", n.name, err)
		}
		for _, pod := range pods {
			holds, err := holds(filepath.Join(folder, pod.Name()), address)
			if err != nil {
				return nil, fmt.Errorf("looking into network namespace %s of %s: %w", pod.Name(), n.name, err)
			}
			if holds {
				held = append(held, n.name+"/"+pod.Name())
			}
		}
	}
	return held, nil
}

// holds reports whether net1 of a network namespace has address. One that is gone has not.
func holds(file string, address net.IP) (bool, error) {
	namespace, err := netns.GetFromPath(file)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = namespace.Close() }()
	var system unix.Statfs_t
	if err := unix.Fstatfs(int(namespace), &system); err != nil {
		return false, err
	}
	if system.Type != unix.NSFS_MAGIC {
		return false, nil // an empty file: no namespace is mounted on it any more, or not yet
	}
	handle, err := netlink.NewHandleAt(namespace, unix.NETLINK_ROUTE)
	if err != nil {
		return false, err
	}
	defer handle.Close()
	link, err := handle.LinkByName(routerNIC)
	if missing := (netlink.LinkNotFoundError{}); errors.As(err, &missing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	addresses, err := handle.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return false, err
	}
	for _, found := range addresses {
		if found.IP.Equal(address) {
			return true, nil
		}
	}
	return false, nil
}
