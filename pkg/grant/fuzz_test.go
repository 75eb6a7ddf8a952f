package grant

import (
	"maps"
	"net/netip"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// FuzzParse holds what was read of one namespace against what was written: it reads back as the same, an address that was
// not written is not granted, and what is wrong is said.
func FuzzParse(f *testing.F) {
	for _, seed := range [][3]string{
		{"192.168.12.96/29", "egress=yes", "4"}, {"10.0.0.5", "", ""}, {"10.0.0.5/24", "a in (b,c)", "0"}, {"10.0.0.0/24,10.0.0.5/32,10.0.0.0/25", "!gpu", "1"},
		{"0.0.0.0/0", "=", "-1"}, {"::ffff:10.0.0.5", "a==b", "+4"}, {"fe80::1%eth0", "a>1", "1e3"}, {"010.0.0.1", "a,", "99999999999"}, {",", " ", "\u0664"},
		{" 10.0.0.1 ,\n10.0.0.2\n", "a=b,a!=c", " 7\n"}, {"10.0.0.0/33", "a notin ()", "0x1"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, addresses, nodes, limit string) {
		data := map[string]string{"billing": addresses, "billing.nodes": nodes, "billing.max": limit}
		g := Parse(data)
		of, ok, err := g.Of("billing")
		if ok == (err != nil) || (g.Problems()["billing"] != nil) != (err != nil) {
			t.Fatalf("%q: grant %v, error %v, problems %v", data, ok, err, g.Problems())
		}
		if answer, why := g.AllowsNode("billing", snapshot.Node{Name: "worker-1", Labels: map[string]string{}}); (answer == Unknown) != (err != nil) || (answer == Yes) != (why == "") {
			t.Errorf("%q: a node is answered %s: %q", data, answer, why)
		}
		if err != nil {
			return
		}
		for _, p := range of.Addresses {
			if !p.Addr().Is4() || p != p.Masked() || !strings.Contains(addresses, p.Addr().String()) {
				t.Errorf("%q grants %s", addresses, p)
			}
		}
		again := Parse(of.Data())
		if back, ok, err := again.Of("billing"); err != nil || !ok || !maps.Equal(back.Data(), of.Data()) {
			t.Errorf("%q is written as %q, which reads back as %v (%v)", data, of.Data(), back, err)
		}
	})
}

// FuzzParseKey: whatever the keys are, no namespace is granted what no key of its name holds.
func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{"billing", "billing.nodes", "billing.max", "billing.Max", ".nodes", "", ".", "billing.nodes.max", "Billing", "a..b", "\x1b[2J"} {
		f.Add(seed, "10.0.0.0/24")
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		g := Parse(map[string]string{key: value})
		for _, of := range g.All() {
			if of.Namespace != key {
				t.Errorf("key %q grants namespace %q something", key, of.Namespace)
			}
		}
		if len(g.All())+len(g.Problems()) != 1 {
			t.Errorf("key %q is neither a grant nor a problem: %v, %v", key, g.All(), g.Problems())
		}
		for _, err := range g.Problems() {
			if strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("key %q: the error has what a terminal obeys: %q", key, err)
			}
		}
	})
}

// FuzzHolding holds the search for who has an address against looking at every network.
func FuzzHolding(f *testing.F) {
	f.Add("10.0.0.0/24", "10.0.0.128/25,10.0.1.0", uint32(0x0a000080))
	f.Add("0.0.0.0/0", "255.255.255.255", uint32(0xffffffff))
	f.Fuzz(func(t *testing.T, a, b string, number uint32) {
		g := Parse(map[string]string{"a": a, "b": b})
		address := netip.AddrFrom4([4]byte{byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number)})
		var want []string
		for _, of := range g.All() {
			if of.contains(address) {
				want = append(want, of.Namespace)
			}
		}
		if got := g.holding(address); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q and %q: %s is held by %q, want %q", a, b, address, got, want)
		}
		if len(want) == 2 && len(g.Problems()) != 2 {
			t.Errorf("%q and %q share %s, and the problems are %v", a, b, address, g.Problems())
		}
	})
}
