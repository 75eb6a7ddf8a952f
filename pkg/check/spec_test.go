package check

import (
	"slices"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// router is a healthy one; change makes it what a test is about.
func router(change func(*snapshot.Router)) snapshot.Router {
	var r snapshot.Router
	r.Name, r.Namespace, r.Provisioner = "partner-a", "billing", egress.Operator
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: "192.168.12.99/24", Gateway: "192.168.12.1"}}
	r.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{
		{Port: 8080, Protocol: "TCP", DestinationIP: "203.0.113.26", TargetPort: 80},
	}}
	egress.SetDefaults(&r.EgressRouter)
	if change != nil {
		change(&r)
	}
	return r
}

func addressed(ip, gateway string) func(*snapshot.Router) {
	return func(r *snapshot.Router) {
		r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: ip, Gateway: gateway}}
	}
}

func redirected(destinations ...string) func(*snapshot.Router) {
	return func(r *snapshot.Router) {
		r.Spec.Redirect.RedirectRules = nil
		for i, d := range destinations {
			r.Spec.Redirect.RedirectRules = append(r.Spec.Redirect.RedirectRules,
				nov1.L4RedirectRule{Port: int32(8080 + i), Protocol: "TCP", DestinationIP: d})
		}
	}
}

func both(changes ...func(*snapshot.Router)) func(*snapshot.Router) {
	return func(r *snapshot.Router) {
		for _, change := range changes {
			change(r)
		}
	}
}

func standalone(r *snapshot.Router) { r.Provisioner = egress.Standalone }

// TestSpec holds what testdata/codes leaves out: the edges of each code, and how they silence one another.
func TestSpec(t *testing.T) {
	tests := []struct {
		name   string
		change func(*snapshot.Router)
		want   []finding.Code
	}{
		{"no prefix silences the gateway", addressed("192.168.12.99", ""), []finding.Code{finding.NoPrefix}},
		{"no address at all", func(r *snapshot.Router) { r.Spec.Addresses = nil }, []finding.Code{finding.NoAddress}},
		{"an empty address", addressed("", "192.168.12.1"), []finding.Code{finding.NoAddress}},
		{"leading zeros", addressed("192.168.012.99/24", "192.168.12.1"), []finding.Code{finding.NoPrefix}},
		{"a prefix too long", addressed("192.168.12.99/33", "192.168.12.1"), []finding.Code{finding.NoPrefix}},
		{"the network address", addressed("192.168.12.0/24", "192.168.12.1"), []finding.Code{finding.UnusableAddress}},
		{"the broadcast address of a /30", addressed("192.168.12.3/30", "192.168.12.1"), []finding.Code{finding.UnusableAddress}},
		{".0 in a /23 is a host", addressed("192.168.13.0/23", "192.168.12.1"), nil},
		{"a /31 has no ends", addressed("192.168.12.0/31", "192.168.12.1"), nil},
		{"a /32 reaches no gateway", addressed("192.168.12.9/32", "192.168.12.1"), []finding.Code{finding.GatewayElsewhere}},
		{"unspecified", addressed("0.0.0.0/24", "0.0.0.1"), []finding.Code{finding.UnusableAddress}},
		{"loopback", addressed("127.0.0.2/8", "127.0.0.1"), []finding.Code{finding.UnusableAddress}},
		{"multicast", addressed("224.0.0.5/24", "224.0.0.1"), []finding.Code{finding.UnusableAddress}},
		{"link-local", addressed("169.254.1.2/16", "169.254.1.1"), []finding.Code{finding.UnusableAddress}},
		{"a gateway by name", addressed("192.168.12.99/24", "gw.example.com"), []finding.Code{finding.NoGateway}},
		{"the gateway is the address", addressed("192.168.12.99/24", "192.168.12.99"), []finding.Code{finding.GatewayElsewhere}},
		{"the gateway is the broadcast address", addressed("192.168.12.99/24", "192.168.12.255"), []finding.Code{finding.GatewayElsewhere}},
		{"an IPv6 address", addressed("2001:db8::9/64", "2001:db8::1"), []finding.Code{finding.IPv6}},
		{"an IPv6 gateway", addressed("192.168.12.99/24", "2001:db8::1"), []finding.Code{finding.IPv6}},
		{"an IPv4 address written as IPv6", addressed("::ffff:192.168.12.99/120", "192.168.12.1"), []finding.Code{finding.IPv6}},
		{"IPv6 throughout", both(addressed("2001:db8::9/64", "2001:db8::1"), redirected("2001:db8:1::1")), []finding.Code{finding.IPv6}},
		{"an IPv6 destination", redirected("2001:db8::1"), []finding.Code{finding.BadDestination}},
		{"the router's own address as destination", both(addressed("192.168.12.99/24", "192.168.12.1"), redirected("192.168.12.99")), []finding.Code{finding.BadDestination}},
		{"a name as destination", redirected("partner.example.com"), []finding.Code{finding.BadDestination}},
		{"a trailing space", redirected("203.0.113.26 "), []finding.Code{finding.BadDestination}},
		{"no sender's address", redirected("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"),
			[]finding.Code{finding.BadDestination, finding.BadDestination, finding.BadDestination, finding.BadDestination}},
		{"a fallback that is none", both(standalone, func(r *snapshot.Router) { r.Spec.Redirect.FallbackIP = "any" }), []finding.Code{finding.BadDestination}},
		{"a fallback alone", both(standalone, redirected(), func(r *snapshot.Router) { r.Spec.Redirect.FallbackIP = "203.0.113.9" }), nil},
		{"a mode", func(r *snapshot.Router) { r.Spec.NetworkInterface.Macvlan.Mode = nov1.MacvlanModeVEPA }, []finding.Code{finding.MacvlanIgnored}},
		{"master and mode, standalone", both(standalone, func(r *snapshot.Router) {
			r.Spec.NetworkInterface.Macvlan = nov1.MacvlanConfig{Mode: nov1.MacvlanModeVEPA, Master: "eth1"}
		}), nil},
		{"Passthru", func(r *snapshot.Router) { r.Spec.NetworkInterface.Macvlan.Mode = nov1.MacvlanModePassthru }, []finding.Code{finding.MacvlanIgnored}},
		{"no redirect at all", func(r *snapshot.Router) { r.Spec.Redirect = nil }, []finding.Code{finding.NothingToDo}},
		{"much at once", both(addressed("192.168.12.99", ""), redirected("x"), func(r *snapshot.Router) {
			r.Spec.Mode = "DNSProxy"
			r.Spec.Redirect.FallbackIP = "203.0.113.9"
		}), []finding.Code{finding.NoPrefix, finding.BadDestination, finding.FallbackIgnored, finding.BadMode}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkCodes(t, checkSpec(router(test.change)), test.want)
		})
	}
}

// checkCodes holds the codes of findings against want, and that each says all that a person needs.
func checkCodes(t *testing.T, got []finding.Finding, want []finding.Code) {
	t.Helper()
	var codes []finding.Code
	for _, f := range got {
		codes = append(codes, f.Code)
		if f.Level == "" || f.Object == "" || f.Message == "" || f.Why == "" || f.Fix == "" {
			t.Errorf("%+v leaves something out", f)
		}
	}
	if !slices.Equal(codes, want) {
		t.Errorf("got %v, want %v", codes, want)
	}
}

func named(namespace, name string, changes ...func(*snapshot.Router)) snapshot.Router {
	return router(both(append(changes, func(r *snapshot.Router) { r.Namespace, r.Name = namespace, name })...))
}

func TestSpecs(t *testing.T) {
	worker := []snapshot.Node{{Name: "worker-1", Addresses: []string{"192.168.12.11", "fd00::1"}}}
	other := addressed("192.168.12.98/24", "192.168.12.1")
	tests := []struct {
		name string
		in   snapshot.Snapshot
		want []finding.Code
	}{
		{"one namespace, one standalone", snapshot.Snapshot{Routers: []snapshot.Router{named("a", "x"), named("a", "y", other, standalone)}}, nil},
		{"one address, two prefixes", snapshot.Snapshot{Routers: []snapshot.Router{named("a", "x"), named("b", "y", addressed("192.168.12.99/23", "192.168.12.1"))}},
			[]finding.Code{finding.SharedAddress, finding.SharedAddress}},
		{"no address is not shared", snapshot.Snapshot{Routers: []snapshot.Router{named("a", "x", addressed("", "")), named("b", "y", addressed("", ""))}},
			[]finding.Code{finding.NoAddress, finding.NoAddress}},
		{"a node in another subnet", snapshot.Snapshot{Nodes: worker, Routers: []snapshot.Router{
			named("a", "x", redirected("192.168.12.11"), addressed("10.0.0.9/24", "10.0.0.1"))}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkCodes(t, Specs(&test.in), test.want)
		})
	}
}
