package egress

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	nov1 "github.com/openshift/api/networkoperator/v1"
)

// checkPort holds a port that was accepted against what a port may be.
func checkPort(t *testing.T, in string, p Port) {
	t.Helper()
	if p.Number < 1 || p.Number > 65535 {
		t.Errorf("%q: accepted port %d", in, p.Number)
	}
	if !slices.Contains([]nov1.ProtocolType{nov1.ProtocolTypeTCP, nov1.ProtocolTypeUDP, nov1.ProtocolTypeSCTP}, p.Protocol) {
		t.Errorf("%q: accepted protocol %q", in, p.Protocol)
	}
}

// checkTarget does the same for a target port, of which 0 is none.
func checkTarget(t *testing.T, in string, rule nov1.L4RedirectRule) {
	t.Helper()
	if rule.TargetPort < 0 || rule.TargetPort > 65535 {
		t.Errorf("%q: accepted target port %d", in, rule.TargetPort)
	}
}

func FuzzParsePort(f *testing.F) {
	for _, seed := range []string{"8080", "80/udp", "7/SCTP", "", "/", "0", "65536", "+80", "80-90", "80/icmp", "80/tcp/udp", "\u0661"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		p, err := ParsePort(in)
		if err != nil {
			number, protocol, _ := strings.Cut(in, "/")
			if !strings.Contains(err.Error(), strconv.Quote(number)) && !strings.Contains(err.Error(), strconv.Quote(protocol)) {
				t.Errorf("%q: the error does not quote what is wrong: %v", in, err)
			}
			return
		}
		checkPort(t, in, p)
		if strings.ContainsFunc(in, func(r rune) bool { return r >= utf8.RuneSelf }) {
			t.Errorf("%q: accepted, though not ASCII", in)
		}
		if again, err := ParsePort(p.String()); err != nil || again != p {
			t.Errorf("%q is printed as %s, which reads back as %+v (%v)", in, p, again, err)
		}
	})
}

func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{
		"8080=203.0.113.26:80", "80/udp=10.100.3.0", "80=[2001:db8::1]:443", "80=2001:db8::1", "80=[2001:db8::1]", "80=[fe80::1%eth0]:80",
		"80=partner.example.com:443", "80=10.0.0.0/24", "", "=", "80=", "80=:80", "80=[]", "80=[", "80=a]:1",
		"80=10.0.0.1:", "80=10.0.0.1,81=10.0.0.2", "80=a=b", "80/=x", "80=\n:1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		rule, err := ParseRule(in)
		if err != nil {
			if !strings.HasPrefix(err.Error(), strconv.Quote(in)) {
				t.Errorf("%q: the error does not begin with the input: %v", in, err)
			}
			return
		}
		checkPort(t, in, PortOf(rule))
		checkTarget(t, in, rule)
		if rule.DestinationIP == "" {
			t.Errorf("%q: accepted without a destination", in)
		}
		if again, err := ParseRule(FormatRule(rule)); err != nil || again != rule {
			t.Errorf("%q is printed as %q, which reads back as %+v (%v), want %+v", in, FormatRule(rule), again, err, rule)
		}
	})
}

func FuzzParseRedirectFile(f *testing.F) {
	for _, seed := range []string{
		"80 udp 10.100.3.0\n8080 tcp 203.0.113.26 80 # web\n203.0.113.27\n", "203.0.113.27", "", "# none\n", "\r\n\r\n80\ttcp\t10.0.0.1\r\n",
		"203.0.113.27\n80 tcp 10.0.0.1", "80 tcp", "80 icmp 10.0.0.1", "80-90 tcp 10.0.0.1", "80 tcp a b", "80 tcp a:b 1",
		"80 tcp 10.0.0.1\x00", "\ufeff80 tcp 10.0.0.1", "80\u00a0tcp\u200310.0.0.1", "80 tcp 10.0.0.1\n" + strings.Repeat("#", 70_000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		rules, fallback, err := ParseRedirectFile(strings.NewReader(in))
		if err != nil {
			if rules != nil || fallback != "" {
				t.Errorf("%q: %+v and %q beside an error", in, rules, fallback)
			}
			// That nothing is in a file has no line.
			if !strings.HasPrefix(err.Error(), "line ") && !strings.HasPrefix(err.Error(), "no redirect in it") {
				t.Errorf("%q: the error does not begin with the line: %v", in, err)
			}
			return
		}
		// The plugin's notation is the file's.
		var lines []string
		for _, rule := range rules {
			checkPort(t, in, PortOf(rule))
			checkTarget(t, in, rule)
			lines = append(lines, Destination(rule))
		}
		again, fallbackAgain, err := ParseRedirectFile(strings.NewReader(strings.Join(append(lines, fallback), "\n")))
		if err != nil || !slices.Equal(again, rules) || fallbackAgain != fallback {
			t.Errorf("%q is written as %q, which reads back as %+v and %q (%v)", in, lines, again, fallbackAgain, err)
		}
	})
}

func FuzzParseMAC(f *testing.F) {
	for _, seed := range []string{
		"02:E6:C0:A8:0C:63", "02-e6-c0-a8-0c-63", "02e6.c0a8.0c63", "random", "Random", "", "01:00:5e:00:00:01", "00:00:00:00:00:00",
		"02:00:5e:10:00:00:00:01", "02:e6:c0:a8:0c", "02:e6:c0:a8:0c:6g", "02:e6-c0:a8:0c:63",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		mac, err := ParseMAC(in)
		if err != nil {
			// An address that no interface can have is named as it was understood.
			address, _ := net.ParseMAC(in)
			named := strings.HasPrefix(err.Error(), "--mac "+strconv.Quote(in)+" ") ||
				strings.HasPrefix(err.Error(), "--mac "+address.String()+" ")
			if !named || mac != "" {
				t.Errorf("%q: %q and an error that does not begin with the flag: %v", in, mac, err)
			}
			return
		}
		if len(mac) != len("02:e6:c0:a8:0c:63") && mac != RandomMAC {
			t.Errorf("%q: accepted as %q", in, mac)
		}
		if again, err := ParseMAC(mac); err != nil || again != mac {
			t.Errorf("%q is printed as %s, which reads back as %s (%v)", in, mac, again, err)
		}
	})
}

func FuzzValidateName(f *testing.F) {
	for _, seed := range []string{
		"partner-a", "a", "", "-", "1partner", "Partner_A", "partner.a", "partner a; rm -rf /etc", "partner\n", "\u00e9\u00e9", "\xff",
		strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 62) + "-",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		err := ValidateName(in)
		if err == nil {
			if in == "" || len(in) > 63 || strings.Trim(in, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || in[0] < 'a' || strings.HasSuffix(in, "-") {
				t.Errorf("%q: accepted", in)
			}
			return
		}
		if !strings.HasPrefix(err.Error(), "name "+strconv.Quote(in)+" ") {
			t.Errorf("%q: the error does not begin with the name: %v", in, err)
		}
		length := utf8.RuneCountInString(in)
		counts := strings.HasPrefix(err.Error(), fmt.Sprintf("name %q has ", in))
		if counts != (length > 63) || counts && !strings.HasPrefix(err.Error(), fmt.Sprintf("name %q has %d characters: ", in, length)) {
			t.Errorf("%q of %d characters: %v", in, length, err)
		}
		if suggested := suggestName(in); ValidateName(suggested) != nil {
			t.Errorf("%q: the suggested %q is no name either", in, suggested)
		}
	})
}
