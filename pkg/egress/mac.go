package egress

import (
	"fmt"
	"net"
	"net/netip"
)

// RandomMAC as a router's MAC leaves the choice to the CNI plugin: another one at every pod start.
const RandomMAC = "random"

// FixedMACPrefix begins every FixedMAC, and no other router's MAC.
const FixedMACPrefix = "02:e6:"

// AddressOf is the address that a FixedMAC is of.
func AddressOf(mac net.HardwareAddr) netip.Addr {
	address, _ := netip.AddrFromSlice(mac[2:])
	return address
}

// FixedMAC is the MAC of a router's net1 unless it is given: 02:e6: and the four bytes of its IPv4
// address, locally administered, and the same wherever the pod runs. Empty for any other address.
func FixedMAC(ip netip.Addr) string {
	if !ip.Is4() {
		return ""
	}
	b := ip.As4()
	return net.HardwareAddr{0x02, 0xe6, b[0], b[1], b[2], b[3]}.String()
}

// ParseMAC reads a --mac value: RandomMAC, or an address that one interface can have, which is given
// back in lower case with colons.
func ParseMAC(s string) (string, error) {
	if s == RandomMAC {
		return s, nil
	}
	mac, err := net.ParseMAC(s)
	if err != nil || len(mac) != 6 {
		return "", fmt.Errorf("--mac %q is not a MAC address: write six bytes such as 02:e6:c0:a8:0c:63, or random", s)
	}
	if mac[0]&1 != 0 {
		return "", fmt.Errorf("--mac %s is a multicast address, which no interface can have: its first byte must be even, such as 02", mac)
	}
	if mac.String() == "00:00:00:00:00:00" {
		return "", fmt.Errorf("--mac %s is the zero address, which no interface can have", mac)
	}
	return mac.String(), nil
}
