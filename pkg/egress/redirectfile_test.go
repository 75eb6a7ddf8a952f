package egress

import (
	"reflect"
	"strings"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"
)

func TestParseRedirectFile(t *testing.T) {
	tests := []struct {
		name, in string
		rules    []nov1.L4RedirectRule
		fallback string
		err      string
	}{
		{
			name: "all notations",
			in:   "# partner A\n80 udp 10.100.3.0\n\n  8080\ttcp 203.0.113.26 80  # web\r\n203.0.113.27\n",
			rules: []nov1.L4RedirectRule{
				{Port: 80, Protocol: "UDP", DestinationIP: "10.100.3.0"},
				{Port: 8080, Protocol: "TCP", DestinationIP: "203.0.113.26", TargetPort: 80},
			},
			fallback: "203.0.113.27",
		},
		{name: "a fallback alone", in: "203.0.113.27", fallback: "203.0.113.27"},
		{name: "nothing", in: "", err: "no redirect in it"},
		{name: "comments alone", in: "# none yet\n\n", err: "no redirect in it"},
		{name: "a rule after the fallback", in: "203.0.113.27\n80 tcp 10.0.0.1", err: `line 2: "80 tcp 10.0.0.1" comes after the fallback`},
		{name: "two fallbacks", in: "203.0.113.27\n203.0.113.28", err: "line 2"},
		{name: "no destination", in: "# x\n80 tcp", err: `line 2: "80 tcp": write PORT PROTOCOL IP`},
		{name: "too many words", in: "80 tcp 10.0.0.1 80 90", err: "line 1"},
		{name: "a protocol that is none", in: "80 icmp 10.0.0.1", err: `line 1: "80 icmp 10.0.0.1": invalid protocol "icmp"`},
		{name: "a range", in: "80-90 tcp 10.0.0.1", err: "line 1"},
		{name: "a target port that is none", in: "80 tcp 10.0.0.1 http", err: "target port"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rules, fallback, err := ParseRedirectFile(strings.NewReader(test.in))
			if !matches(err, test.err) {
				t.Fatalf("error %v, want one with %q", err, test.err)
			}
			if !reflect.DeepEqual(rules, test.rules) || fallback != test.fallback {
				t.Errorf("got %+v and fallback %q, want %+v and %q", rules, fallback, test.rules, test.fallback)
			}
		})
	}
}
