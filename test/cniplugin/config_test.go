//go:build linux

package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	c := &ipConfig{Destinations: []string{
		"8080 TCP 203.0.113.26 80", "53 udp 198.51.100.10", "0 sctp 198.51.100.10", "203.0.113.7",
		"80 TCP 203.0.113.0/24", "partner.example.com",
	}}
	got, err := c.rules()
	if err != nil {
		t.Fatal(err)
	}
	want := []rule{
		{protocol: "tcp", port: 8080, to: "203.0.113.26", toPort: 80},
		{protocol: "udp", port: 53, to: "198.51.100.10"},
		{protocol: "sctp", to: "198.51.100.10"},
		{to: "203.0.113.7"},
		{protocol: "tcp", port: 80, to: noTarget},
		{to: noTarget},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRulesRefused(t *testing.T) {
	for destination, want := range map[string]string{
		"80 icmp 203.0.113.26":     `invalid destination "80 icmp 203.0.113.26": incorrect protocol "icmp"`,
		"80-90 tcp 203.0.113.26":   `invalid destination "80-90 tcp 203.0.113.26": incorrect port number "80-90"`,
		"80 tcp 203.0.113.26 ":     `invalid destination "80 tcp 203.0.113.26 ": incorrect port number ""`,
		"80  tcp 203.0.113.26":     `invalid destination "80  tcp 203.0.113.26": incorrect port number "203.0.113.26"`,
		"80 tcp 203.0.113.26 99 9": `invalid destination "80 tcp 203.0.113.26 99 9": neither an IP address nor port, protocol and IP address`,
	} {
		_, err := (&ipConfig{Destinations: []string{destination}}).rules()
		// What strconv adds is its own affair.
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("destination %q: got %v, want %s", destination, err, want)
		}
	}
}

func TestReserved(t *testing.T) {
	c := &ipConfig{Addresses: []string{"192.0.2.50/24", "192.0.2.51/24"}, Gateway: "192.0.2.1"}
	address, gateway, err := c.reserved()
	if err != nil {
		t.Fatal(err)
	}
	if address.String() != "192.0.2.50/24" || gateway.String() != "192.0.2.1" {
		t.Errorf("got %s by %s, want 192.0.2.50/24 by 192.0.2.1", address, gateway)
	}
}

func TestReservedRefused(t *testing.T) {
	for _, test := range []struct{ address, gateway, want string }{
		{"192.0.2.50", "192.0.2.1", `unable to parse IP address "192.0.2.50": invalid CIDR address: 192.0.2.50`},
		{"2001:db8::5/64", "2001:db8::1", "failed to enable forwarding (net.ipv6.ip_forward): no such file or directory"},
		{"192.0.2.50/24", "", `failed to add new default route, gw ""`},
	} {
		_, _, err := (&ipConfig{Addresses: []string{test.address}, Gateway: test.gateway}).reserved()
		if err == nil || err.Error() != test.want {
			t.Errorf("%s by %q: got %v, want %s", test.address, test.gateway, err, test.want)
		}
	}
}

// TestReservedPanics: the one failure that the plugin's caller hears of.
func TestReservedPanics(t *testing.T) {
	for _, c := range []*ipConfig{nil, {}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v: no panic", c)
				}
			}()
			_, _, _ = c.reserved()
		}()
	}
}

func TestConfigTypes(t *testing.T) {
	var c config
	text := `{"type": "egress-router", "interfaceArgs": {"mtu": "1400"}, "ip": {"fallbackIP": "203.0.113.7"}, "log_level": "debug"}`
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Errorf("a field that it does not know: %v", err)
	}
	if err := json.Unmarshal([]byte(`{"interfaceArgs": {"mtu": 1400}}`), &c); err == nil {
		t.Error("an mtu that is a number passes")
	}
}
