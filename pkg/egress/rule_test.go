package egress

import (
	"strings"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"
)

func TestParseRule(t *testing.T) {
	tests := []struct {
		in   string
		want nov1.L4RedirectRule
		err  string
	}{
		{in: "8080=203.0.113.26:80", want: nov1.L4RedirectRule{Port: 8080, Protocol: "TCP", DestinationIP: "203.0.113.26", TargetPort: 80}},
		{in: "80/udp=10.100.3.0", want: nov1.L4RedirectRule{Port: 80, Protocol: "UDP", DestinationIP: "10.100.3.0"}},
		{in: "7/SCTP=10.0.0.1:9", want: nov1.L4RedirectRule{Port: 7, Protocol: "SCTP", DestinationIP: "10.0.0.1", TargetPort: 9}},
		{in: "65535/tcp=10.0.0.1:65535", want: nov1.L4RedirectRule{Port: 65535, Protocol: "TCP", DestinationIP: "10.0.0.1", TargetPort: 65535}},
		// What a check has a code for passes here.
		{in: "80=2001:db8::1", want: nov1.L4RedirectRule{Port: 80, Protocol: "TCP", DestinationIP: "2001:db8::1"}},
		{in: "80=[2001:db8::1]:443", want: nov1.L4RedirectRule{Port: 80, Protocol: "TCP", DestinationIP: "2001:db8::1", TargetPort: 443}},
		{in: "80=10.0.0.0/24", want: nov1.L4RedirectRule{Port: 80, Protocol: "TCP", DestinationIP: "10.0.0.0/24"}},
		{in: "80=partner.example.com:443", want: nov1.L4RedirectRule{Port: 80, Protocol: "TCP", DestinationIP: "partner.example.com", TargetPort: 443}},

		{in: "", err: "no '='"},
		{in: "8080", err: "no '='"},
		{in: "8080=", err: "no destination"},
		{in: "8080=:80", err: "no destination"},
		{in: "=10.0.0.1", err: "not a number from 1 to 65535"},
		{in: "0=10.0.0.1", err: "not a number from 1 to 65535"},
		{in: "65536=10.0.0.1", err: "not a number from 1 to 65535"},
		{in: "-1=10.0.0.1", err: "port \"-1\" is not a number from 1 to 65535"},
		{in: "80-=10.0.0.1", err: "is a range or list"},
		{in: "+80=10.0.0.1", err: "not a number from 1 to 65535"},
		{in: "http=10.0.0.1", err: "not a number from 1 to 65535"},
		{in: "8000-8010=10.0.0.1", err: "is a range"},
		{in: "80/icmp=10.0.0.1", err: "must be tcp, udp or sctp"},
		{in: "80/=10.0.0.1", err: "must be tcp, udp or sctp"},
		{in: "80=10.0.0.1:", err: "target port"},
		{in: "80=10.0.0.1:0", err: "target port"},
		{in: "80=10.0.0.1:99999", err: "target port"},
		{in: "80=[2001:db8::1", err: "[IPv6]:TARGETPORT"},
		{in: "80=[2001:db8::1]443", err: "[IPv6]:TARGETPORT"},
		{in: "80=[]:443", err: "no destination"},
		{in: "80=10.0.0.1,81=10.0.0.2", err: "one --redirect for each rule"},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			got, err := ParseRule(test.in)
			if !matches(err, test.err) {
				t.Fatalf("error %v, want one with %q", err, test.err)
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// TestRuleNotations holds the notations of a rule against each other: what is printed can be typed.
func TestRuleNotations(t *testing.T) {
	tests := []struct{ typed, printed, plugin string }{
		{"8080=203.0.113.26:80", "8080/tcp=203.0.113.26:80", "8080 TCP 203.0.113.26 80"},
		{"80/udp=10.100.3.0", "80/udp=10.100.3.0", "80 UDP 10.100.3.0"},
		{"7/sctp=[2001:db8::1]:9", "7/sctp=[2001:db8::1]:9", "7 SCTP 2001:db8::1 9"},
	}
	for _, test := range tests {
		rule, err := ParseRule(test.typed)
		if err != nil {
			t.Fatal(err)
		}
		if got := FormatRule(rule); got != test.printed {
			t.Errorf("%s is printed as %s, want %s", test.typed, got, test.printed)
		}
		if got := Destination(rule); got != test.plugin {
			t.Errorf("%s is the plugin's %q, want %q", test.typed, got, test.plugin)
		}
		if again, err := ParseRule(test.printed); err != nil || again != rule {
			t.Errorf("%s read back is %+v (%v), want %+v", test.printed, again, err, rule)
		}
	}
}

// matches reports whether err is nil where want is empty, and else says want.
func matches(err error, want string) bool {
	if want == "" || err == nil {
		return want == "" && err == nil
	}
	return strings.Contains(err.Error(), want)
}
