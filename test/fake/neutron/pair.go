package neutron

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// readPairs reads allowed_address_pairs as Neutron does before it looks at the port: nothing is normalised, and a
// duplicate is one only where it is spelt alike.
func (s *Server) readPairs(value json.RawMessage, b *portBody) error {
	b.pairs = &[]Pair{}
	if string(value) == "null" {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return badRequest("Allowed address pairs must be a list.")
	}
	if len(list) > s.options.MaxPairs {
		return &neutronError{http.StatusBadRequest, "AllowedAddressPairExhausted",
			fmt.Sprintf("The number of allowed address pair exceeds the maximum %d.", s.options.MaxPairs)}
	}
	for _, item := range list {
		pair, fields, err := readPair(item)
		if err != nil {
			return err
		}
		if slices.Contains(*b.pairs, pair) {
			return duplicatePair(pair)
		}
		if err := checkPairFields(fields, pair.IP); err != nil {
			return err
		}
		*b.pairs = append(*b.pairs, pair)
		for _, field := range []string{"ip_address", "mac_address"} {
			if _, said := fields[field]; said {
				b.pairFields = append(b.pairFields, field)
			}
		}
	}
	return nil
}

// readPair reads one pair; its MAC is empty where it was left out.
func readPair(item json.RawMessage) (Pair, map[string]any, error) {
	var fields map[string]any
	if json.Unmarshal(item, &fields) != nil || fields == nil {
		return Pair{}, nil, badRequest("Invalid input for allowed_address_pairs. Reason: '" +
			strings.Trim(string(item), `"`) + "' is not a dictionary.")
	}
	var pair Pair
	if mac, said := fields["mac_address"]; said {
		pair.MAC, _ = mac.(string)
		if !validMAC(pair.MAC) {
			if mac == nil {
				pair.MAC = "None"
			}
			return Pair{}, nil, badRequest("'" + pair.MAC + "' is not a valid MAC address")
		}
	}
	ip, said := fields["ip_address"]
	if !said {
		return Pair{}, nil, &neutronError{http.StatusBadRequest, "AllowedAddressPairsMissingIP",
			"AllowedAddressPair must contain ip_address"}
	}
	address, ok := ip.(string)
	if !ok { // the real one stumbles over it as well
		return Pair{}, nil, &neutronError{http.StatusInternalServerError, "HTTPInternalServerError", internalError}
	}
	pair.IP = address
	return pair, fields, nil
}

func checkPairFields(fields map[string]any, ip string) error {
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if field != "ip_address" && field != "mac_address" {
			return badRequest("Unrecognized attribute(s) '" + field + "'")
		}
	}
	if strings.Contains(ip, "/") {
		if _, err := netip.ParsePrefix(ip); err != nil {
			return badRequest("'" + ip + "' is not a valid IP subnet")
		}
		return nil
	}
	address, err := netip.ParseAddr(ip)
	if err == nil && address.Zone() == "" {
		return nil
	}
	if plain := leadingZeros.ReplaceAllString(ip, "$1"); plain != ip {
		if better, err := netip.ParseAddr(plain); err == nil && better.Is4() {
			return badRequest(fmt.Sprintf("'%s' is not an accepted IP address, '%s' is recommended", ip, better))
		}
	}
	return badRequest("'" + ip + "' is not a valid IP address")
}

var leadingZeros = regexp.MustCompile(`\b0+([0-9])`)

// validMAC accepts what netaddr, Neutron's library, does: colons, dashes, Cisco's dots, or twelve digits in a row; but
// not all zeros.
func validMAC(mac string) bool {
	bytes, err := net.ParseMAC(mac)
	if err != nil {
		if bytes, err = hex.DecodeString(mac); err != nil {
			return false
		}
	}
	return len(bytes) == 6 && slices.ContainsFunc(bytes, func(b byte) bool { return b != 0 })
}

func duplicatePair(p Pair) error {
	if p.MAC == "" {
		p.MAC = "None"
	}
	return &neutronError{http.StatusBadRequest, "DuplicateAddressPairInRequest",
		fmt.Sprintf("Request contains duplicate address pair: mac_address %s ip_address %s.", p.MAC, p.IP)}
}

// checkOwnMAC refuses pairs that become the same once the port's MAC stands where none was given.
func checkOwnMAC(pairs []Pair, mac string) error {
	seen := map[Pair]bool{}
	for _, pair := range pairs {
		if pair.MAC == "" {
			pair.MAC = mac
		}
		if seen[pair] {
			return duplicatePair(pair)
		}
		seen[pair] = true
	}
	return nil
}
