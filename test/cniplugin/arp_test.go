//go:build linux

package main

import (
	"bytes"
	"net"
	"testing"
)

func TestGratuitousARP(t *testing.T) {
	mac := net.HardwareAddr{0x02, 0xe6, 0xc0, 0x00, 0x02, 0x32}
	got := gratuitousARP(mac, net.IPv4(192, 0, 2, 50))
	want := []byte{
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // to everyone
		0x02, 0xe6, 0xc0, 0x00, 0x02, 0x32, // from the router
		0x08, 0x06, // ARP
		0x00, 0x01, 0x08, 0x00, 6, 4, // Ethernet and IPv4
		0x00, 0x01, // a request
		0x02, 0xe6, 0xc0, 0x00, 0x02, 0x32, 192, 0, 2, 50,
		0, 0, 0, 0, 0, 0, 192, 0, 2, 50, // for its own address
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}
