package openstack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Pair is an allowed-address pair on a port, as it is recorded for the router that it was written for.
type Pair struct {
	// Port is the port's UUID; "" for that of any node of the cluster.
	Port string `json:"port"`
	// IP is the reserved address without a prefix length.
	IP string `json:"ip"`
	// MAC is net1's, in lower case with colons.
	MAC string `json:"mac"`
}

// addressPair is Neutron's.
func (p Pair) addressPair() ports.AddressPair {
	return ports.AddressPair{IPAddress: p.IP, MACAddress: p.MAC}
}

// OwnPair is the pair that a router with that address has on any node unless it was given another MAC; ok is false for an
// address that has none. On the port of a node it needs no record: its MAC says whose it is.
func OwnPair(address netip.Addr) (p Pair, ok bool) {
	mac := egress.FixedMAC(address)
	return Pair{IP: address.String(), MAC: mac}, mac != ""
}

// isOwn reports whether p is its own record.
func (p Pair) isOwn() bool {
	address, err := netip.ParseAddr(canonicalIP(p.IP))
	return err == nil && canonicalMAC(p.MAC) == cmp.Or(egress.FixedMAC(address), "none")
}

// encodePairs is the record as it is kept: a JSON array of the pairs that are not their own record, empty for none.
func encodePairs(record []Pair) (string, error) {
	record = slices.DeleteFunc(slices.Clone(record), Pair.isOwn)
	if len(record) == 0 {
		return "", nil
	}
	out, err := json.Marshal(record)
	return string(out), err
}

// Decode reads what Encode wrote, with each pair in the one spelling that pairs of ours have, so that they can be compared.
func Decode(s string) ([]Pair, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var record []Pair
	if err := json.Unmarshal([]byte(s), &record); err != nil {
		return nil, fmt.Errorf("reading the recorded pairs %q: %w", s, err)
	}
	return collect.Map(record, Pair.canonical), nil
}

// canonical is p in the one spelling that pairs are compared in. Neutron keeps every spelling as it was sent.
func (p Pair) canonical() Pair { return Pair{p.Port, canonicalIP(p.IP), canonicalMAC(p.MAC)} }

// keyOf is what p stands for on a port whose own MAC is own, without the port: a pair without a MAC has the port's.
func keyOf(p ports.AddressPair, own string) Pair {
	return Pair{IP: p.IPAddress, MAC: cmp.Or(p.MACAddress, own)}.canonical()
}

// recordOf is a pair on p as a record of it.
func (p *port) recordOf(pair ports.AddressPair) Pair {
	k := keyOf(pair, p.MAC)
	k.Port = p.ID
	return k
}

// prefixOf reads an address, or a prefix, as one.
func prefixOf(s string) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		address, err := netip.ParseAddr(s)
		if err != nil {
			return prefix, false
		}
		prefix = netip.PrefixFrom(address, address.BitLen())
	}
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), true
}

// canonicalIP writes an address without the length of a full prefix, so that 10.0.0.9 and 10.0.0.9/32 are one. What is not
// an address stays as it is.
func canonicalIP(s string) string {
	prefix, ok := prefixOf(s)
	switch {
	case !ok:
		return s
	case prefix.IsSingleIP():
		return prefix.Addr().String()
	default:
		return prefix.String()
	}
}

// canonicalMAC writes a MAC in lower case with colons.
func canonicalMAC(s string) string {
	mac, err := net.ParseMAC(s)
	if err != nil {
		return strings.ToLower(s)
	}
	return mac.String()
}

// keys are the pairs of a list as a set.
func keys(list []ports.AddressPair, own string) map[Pair]bool {
	out := make(map[Pair]bool, len(list))
	for _, p := range list {
		out[keyOf(p, own)] = true
	}
	return out
}

// sameSet reports whether two lists allow the same.
func sameSet(a, b []ports.AddressPair, own string) bool {
	return maps.Equal(keys(a, own), keys(b, own))
}

// minus are the pairs of a that b does not allow, in a's order.
func minus(a, b []ports.AddressPair, own string) []ports.AddressPair {
	known := keys(b, own)
	return collect.Filter(a, func(p ports.AddressPair) bool { return !known[keyOf(p, own)] })
}

// edited is list without the pairs of remove and with those of add that it lacks; all else stands as it is.
func edited(list, add, remove []ports.AddressPair, own string) []ports.AddressPair {
	gone := keys(remove, own)
	out := slices.DeleteFunc(slices.Clone(list), func(p ports.AddressPair) bool { return gone[keyOf(p, own)] })
	return append(out, minus(add, out, own)...)
}

// covers reports whether list lets frames with k's MAC and address through, by a pair of its own or by a wider one.
func covers(list []ports.AddressPair, k Pair, own string) bool {
	want, known := prefixOf(k.IP)
	return slices.ContainsFunc(list, func(p ports.AddressPair) bool {
		have := keyOf(p, own)
		wide, ok := prefixOf(have.IP)
		return have == k || have.MAC == k.MAC && known && ok && wide.Bits() <= want.Bits() && wide.Contains(want.Addr())
	})
}
