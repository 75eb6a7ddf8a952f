package check

import (
	"slices"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// What a NAD shows that makes the plugin fail stands before what only the node knows, which is always there.
func TestCausesOfANAD(t *testing.T) {
	const (
		notOurs = "the NAD's config is not for the egress-router plugin, or no JSON"
		another = "the NAD's config has no plugin of type egress-router"
	)
	plugin := func(rest string) string {
		return `{"plugins":[7,{"type":"tuning"},{"type":"egress-router","ip":{"addresses":["192.168.12.99/24"],"destinations":["8080 TCP 203.0.113.26 80","203.0.113.9"],"gateway":"192.168.12.1"}` + rest + `}]}`
	}
	ip := func(address, gateway, destination string) string {
		return `{"type":"egress-router","ip":{"addresses":["` + address + `"],"destinations":["` + destination + `"],"gateway":"` + gateway + `"}}`
	}
	tests := []struct {
		name, config string
		want         []string
	}{
		{"sound", plugin(""), nil},
		{"left out", "", []string{notOurs}},
		{"of another plugin", `{"type":"macvlan"}`, []string{another}},
		{"a list without it", `{"plugins":[{"type":"macvlan"}]}`, []string{another}},
		{"no JSON", "{", []string{"reading the NAD's config: unexpected end of JSON input"}},
		{"a plugin of another shape", `{"plugins":[{"type":"egress-router","log_file":7}]}`,
			[]string{"reading the egress-router plugin in the NAD's config: json: cannot unmarshal number into Go struct field pluginConfig.log_file of type string"}},
		{"no ip", `{"type":"egress-router"}`, []string{"the NAD has no address"}},
		{"no prefix length", ip("192.168.12.99", "192.168.12.1", "203.0.113.9"),
			[]string{`the NAD's address "192.168.12.99" has no prefix length, or is none`}},
		{"IPv6", ip("2001:db8::9/64", "2001:db8::1", "203.0.113.9"), []string{"the NAD's address 2001:db8::9/64 is IPv6"}},
		{"no gateway", ip("192.168.12.99/24", "", "203.0.113.9"), []string{`the NAD's gateway "" is not an IP address`}},
		{"a gateway elsewhere", ip("192.168.12.99/24", "10.0.0.1", "203.0.113.9"),
			[]string{"the NAD's gateway 10.0.0.1 is outside the subnet 192.168.12.0/24"}},
		{"a trailing space", ip("192.168.12.99/24", "192.168.12.1", "203.0.113.9 "), []string{`the NAD's destination "203.0.113.9 " has a space too many`}},
		{"a network", ip("192.168.12.99/24", "192.168.12.1", "80 TCP 203.0.113.0/24"),
			[]string{`the NAD's destination "80 TCP 203.0.113.0/24" is a network, not one IP address`}},
		{"IPv6 to send to", ip("192.168.12.99/24", "192.168.12.1", "80 TCP 2001:db8::1 80"),
			[]string{`the NAD's destination "80 TCP 2001:db8::1 80" is IPv6, and the router is IPv4`}},
		{"a port without an address", ip("192.168.12.99/24", "192.168.12.1", "80 TCP"),
			[]string{`the NAD's destination "80 TCP" is neither an IP address nor PORT PROTOCOL IP [TARGETPORT]`}},
		{"a range of target ports", ip("192.168.12.99/24", "192.168.12.1", "80 TCP 203.0.113.9 80-90"),
			[]string{`the NAD's destination "80 TCP 203.0.113.9 80-90" has the port 80-90, which is not one number`}},
		{"ipvlan", plugin(`,"interfaceType":"ipvlan"`), []string{`the NAD's interfaceType is "ipvlan", and only macvlan is known`}},
		{"a mode in upper case", plugin(`,"interfaceArgs":{"mode":"VEPA"}`),
			[]string{`the NAD's macvlan mode is "VEPA", and it must be bridge, private, vepa or passthru, in lower case`}},
		{"an mtu that is a number", plugin(`,"interfaceArgs":{"mtu":1400}`),
			[]string{`the NAD's mtu is the number 1400, and the plugin wants it as text: "1400"`}},
		{"an mtu", plugin(`,"interfaceArgs":{"mtu":"9000"}`), []string{`the NAD's mtu "9000" may be above that of the interface`}},
	}
	onNode := []string{"the program nft is not in the container runtime's PATH on node worker-1, as on many nodes that are not OpenShift's (the log says \"could not find nftables binary\")", "the interface of the default route is missing or down on node worker-1, or takes no macvlan", "the kernel of node worker-1 has no nf_tables"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := causesOf(router(nil), &snapshot.NAD{Config: test.config}, "worker-1")
			if want := slices.Concat(test.want, onNode); !slices.Equal(got, want) {
				t.Errorf("got %q\nwant %q", got, want)
			}
		})
	}
}

func TestHeld(t *testing.T) {
	r := router(nil)
	tests := []struct {
		text string
		want bool
	}{
		{"192.168.12.99", true},
		{"::ffff:192.168.12.99", true},
		{"192.168.12.98", false},
		{"192.168.12.99/24", true},
		{"192.168.12.98/24", false}, // an address and its prefix length
		{"192.168.12.0/24", true},   // a network
		{"192.168.12.99/32", true},
		{"192.168.12.98/32", false},
		{"192.168.12.90-192.168.12.99", true},
		{"192.168.12.90 - 192.168.12.98", false},
		{"2001:db8::/32", false},
		{"::/0", false},
		{"-", false},
		{"the pool", false},
		{"", false},
	}
	for _, test := range tests {
		s := &snapshot.Snapshot{Routers: []snapshot.Router{r}, Claims: []snapshot.Claim{{Address: test.text, By: "another"}}}
		if got := len(taken(newState(s, Options{}))) == 1; got != test.want {
			t.Errorf("a claim of %q holds the address: %v", test.text, got)
		}
	}
}
