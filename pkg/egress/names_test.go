package egress

import (
	"net/netip"
	"strings"
	"testing"
)

func TestValidateName(t *testing.T) {
	for name, want := range map[string]string{
		"partner-a":              "",
		"a":                      "",
		strings.Repeat("a", 63):  "",
		strings.Repeat("a", 64):  "has 64 characters",
		"":                       `such as "partner-a"`,
		"Partner_A":              `such as "partner-a"`,
		"1partner":               `such as "router-1partner"`,
		"partner.a":              `such as "partner-a"`,
		"-partner-":              `such as "partner"`,
		"partner a; rm -rf /etc": "cannot be used",
	} {
		if err := ValidateName(name); !matches(err, want) {
			t.Errorf("%q: error %v, want one with %q", name, err, want)
		}
	}
}

func TestFixedMAC(t *testing.T) {
	for ip, want := range map[string]string{
		"192.168.12.99":      "02:e6:c0:a8:0c:63",
		"10.0.0.1":           "02:e6:0a:00:00:01",
		"2001:db8::1":        "",
		"::ffff:192.168.1.1": "",
	} {
		if got := FixedMAC(netip.MustParseAddr(ip)); got != want {
			t.Errorf("the MAC of %s is %q, want %q", ip, got, want)
		}
	}
	if got := FixedMAC(netip.Addr{}); got != "" {
		t.Errorf("the MAC of no address is %q", got)
	}
}

func TestParseMAC(t *testing.T) {
	tests := []struct{ in, want, err string }{
		{in: "02:E6:C0:A8:0C:63", want: "02:e6:c0:a8:0c:63"},
		{in: "02-e6-c0-a8-0c-63", want: "02:e6:c0:a8:0c:63"},
		{in: "random", want: "random"},
		{in: "01:00:5e:00:00:01", err: "multicast"},
		{in: "ff:ff:ff:ff:ff:ff", err: "multicast"},
		{in: "00:00:00:00:00:00", err: "zero address"},
		{in: "02:00:5e:10:00:00:00:01", err: "not a MAC"},
		{in: "Random", err: "not a MAC"},
		{in: "", err: "not a MAC"},
	}
	for _, test := range tests {
		got, err := ParseMAC(test.in)
		if !matches(err, test.err) || got != test.want {
			t.Errorf("%q: got %q and error %v, want %q and %q", test.in, got, err, test.want, test.err)
		}
	}
}

func TestParseProvisioner(t *testing.T) {
	for _, p := range []Provisioner{Auto, Operator, Standalone} {
		if got, err := ParseProvisioner(string(p)); got != p || err != nil {
			t.Errorf("%s: got %q, %v", p, got, err)
		}
	}
	if _, err := ParseProvisioner("helm"); err == nil {
		t.Error("helm is no provisioner")
	}
	if Auto.Offline() != Operator || Standalone.Offline() != Standalone {
		t.Error("without a cluster, auto is operator and standalone itself")
	}
}
