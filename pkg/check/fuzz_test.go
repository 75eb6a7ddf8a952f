package check

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// FuzzSpec checks a router of any strings under both provisioners. What is found must be said in full, and
// a router with which no error is found must render as one that the CNI plugin can make.
func FuzzSpec(f *testing.F) {
	add := func(address, gateway, destination, fallback string) {
		f.Add(address, gateway, destination, fallback, "Redirect", "Bridge", "", uint8(0), int32(8080), int32(80))
	}
	add("192.168.12.99/24", "192.168.12.1", "203.0.113.26", "")
	add("192.168.12.99/24", "192.168.12.1", "203.0.113.26", "203.0.113.9")
	add("", "", "", "")
	add("255.255.255.255/0", "255.255.255.254", "203.0.113.26", "")
	add("::ffff:192.168.12.99/120", "::ffff:192.168.12.1", "::ffff:203.0.113.26", "")
	add("192.168.12.99", "192.168.12.1/24", "partner.example.com", "203.0.113.0/24")
	f.Add("192.168.12.99/24", "192.168.12.1", "203.0.113.26", "", "HTTPProxy", "VEPA", "eth1", uint8(2), int32(0), int32(-1))
	f.Add("192.168.12.99/24", "192.168.12.1", "\u202e203.0.113.26", "", "", "Passthru", "\xff", uint8(1), int32(-2147483648), int32(2147483647))
	f.Fuzz(func(t *testing.T, address, gateway, destination, fallback, mode, macvlan, master string, protocol uint8, port, target int32) {
		var r snapshot.Router
		r.Name, r.Namespace = "partner-a", "billing"
		r.Spec.Mode = nov1.EgressRouterMode(mode)
		r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: address, Gateway: gateway}, {IP: gateway}}
		r.Spec.NetworkInterface.Macvlan = nov1.MacvlanConfig{Mode: nov1.MacvlanMode(macvlan), Master: master}
		protocols := []nov1.ProtocolType{nov1.ProtocolTypeTCP, nov1.ProtocolTypeUDP, nov1.ProtocolTypeSCTP}
		rule := nov1.L4RedirectRule{Port: port, Protocol: protocols[int(protocol)%3], DestinationIP: destination, TargetPort: target}
		r.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{rule}, FallbackIP: fallback}
		if port == target {
			r.Spec.Redirect.RedirectRules = append(r.Spec.Redirect.RedirectRules, rule)
		}

		r.Provisioner = egress.Operator
		checkFindings(t, r, checkSpec(r))
		r.Provisioner = egress.Standalone
		found := checkSpec(r)
		checkFindings(t, r, found)
		if len(finding.AtLeast(found, finding.Error)) == 0 {
			checkRendered(t, &r.EgressRouter)
		}
	})
}

// checkFindings holds that each finding says all that a person needs, in words that print on one line.
func checkFindings(t *testing.T, r snapshot.Router, found []finding.Finding) {
	t.Helper()
	for _, f := range found {
		entry, err := finding.Lookup(f.Code)
		if err != nil || f.Level != entry.Level {
			t.Errorf("%+v: %v, and the catalogue's level is %q", f, err, entry.Level)
		}
		for _, text := range append([]string{f.Object, f.Message, f.Why, f.Fix}, f.Commands...) {
			if text == "" || strings.Contains(text, "invalid IP") || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%+v: a text is empty, or not one to print", f)
			}
		}
		checkFix(t, r, f)
	}
}

// checkFix follows a fix that names a value: that value must put an end to the finding.
func checkFix(t *testing.T, r snapshot.Router, f finding.Finding) {
	t.Helper()
	address := egress.Address(&r.EgressRouter)
	switch f.Code {
	case finding.NoGateway:
		if _, gateway, ok := strings.Cut(f.Fix, "such as --gateway "); ok {
			checkFixed(t, r, address.IP, gateway, f.Code, finding.GatewayElsewhere)
		}
	case finding.NoPrefix:
		if value, ok := strings.CutPrefix(f.Fix, "write it as "); ok && !strings.HasPrefix(value, "IP/PREFIX") {
			value, _, _ = strings.Cut(value, ",")
			checkFixed(t, r, value, address.Gateway, f.Code, finding.NoAddress)
		}
	case finding.UnusableAddress:
		if _, hosts, ok := strings.Cut(f.Fix, ": "); ok {
			_, length, _ := strings.Cut(address.IP, "/")
			for _, host := range strings.Split(hosts, " to ") {
				checkFixed(t, r, host+"/"+length, address.Gateway, f.Code, finding.NoPrefix, finding.NoAddress)
			}
		}
	}
}

// checkFixed holds that r with another address and gateway has none of the findings codes.
func checkFixed(t *testing.T, r snapshot.Router, ip, gateway string, codes ...finding.Code) {
	t.Helper()
	before := egress.Address(&r.EgressRouter)
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: ip, Gateway: gateway}}
	for _, f := range checkSpec(r) {
		if slices.Contains(codes, f.Code) {
			t.Errorf("%+v: the fix leads to address %s, gateway %s: %s", before, ip, gateway, f.Message)
		}
	}
}

// checkRendered renders r and holds what its NAD says against what the CNI plugin can do.
func checkRendered(t *testing.T, r *nov1.EgressRouter) {
	t.Helper()
	objects, err := render.Router(r, egress.Standalone, render.Options{})
	if err != nil {
		t.Fatalf("%+v: no error was found, but it does not render: %v", r.Spec, err)
	}
	config, _, err := unstructured.NestedString(objects[0].Object, "spec", "config")
	if err != nil {
		t.Fatal(err)
	}
	network, err := render.ReadNetwork(config)
	if err != nil || !network.Equal(render.Want(r, egress.Standalone)) {
		t.Fatalf("%+v: the NAD says %+v (%v)", r.Spec, network, err)
	}
	if len(network.Addresses) != 1 {
		t.Fatalf("%+v: addresses %q", r.Spec, network.Addresses)
	}
	prefix, err := netip.ParsePrefix(network.Addresses[0])
	if err != nil || !prefix.Addr().Is4() {
		t.Fatalf("%+v: address %q (%v)", r.Spec, network.Addresses[0], err)
	}
	gateway, err := netip.ParseAddr(network.Gateway)
	if err != nil || !prefix.Contains(gateway) || gateway == prefix.Addr() {
		t.Errorf("%+v: gateway %q (%v)", r.Spec, network.Gateway, err)
	}
	for _, destination := range network.Destinations {
		// PORT PROTOCOL IP [TARGETPORT], or an IP alone.
		fields := strings.Split(destination, " ")
		ip := fields[min(2, len(fields)-1)]
		if addr, err := netip.ParseAddr(ip); err != nil || !addr.Is4() || len(fields) == 2 || len(fields) > 4 {
			t.Errorf("%+v: destination %q (%v)", r.Spec, destination, err)
		}
	}
}
