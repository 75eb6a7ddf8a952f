//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// announce sends a gratuitous ARP request: link has ip. It runs in the pod.
func announce(link netlink.Link, ip net.IP) error {
	mac := link.Attrs().HardwareAddr
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening a socket for ARP: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	to := &unix.SockaddrLinklayer{Ifindex: link.Attrs().Index, Halen: 6}
	if err := unix.Sendto(socket, gratuitousARP(mac, ip), 0, to); err != nil {
		return fmt.Errorf("sending a gratuitous ARP for %s: %w", ip, err)
	}
	return nil
}

// gratuitousARP is an Ethernet frame to everyone that asks for the sender's own address (RFC 826, RFC 5227).
func gratuitousARP(mac net.HardwareAddr, ip net.IP) []byte {
	frame := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mac...)
	frame = binary.BigEndian.AppendUint16(frame, unix.ETH_P_ARP)
	frame = binary.BigEndian.AppendUint16(frame, unix.ARPHRD_ETHER)
	frame = binary.BigEndian.AppendUint16(frame, unix.ETH_P_IP)
	frame = append(frame, 6, 4)                        // bytes of a MAC, bytes of an address
	frame = binary.BigEndian.AppendUint16(frame, 1)    // a request
	frame = append(append(frame, mac...), ip.To4()...) // who sends
	return append(append(frame, make([]byte, 6)...), ip.To4()...)
}
