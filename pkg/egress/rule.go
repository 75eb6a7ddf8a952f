package egress

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
)

// Port is a port number and its protocol: what tells one redirect rule, or one Service port, from another.
type Port struct {
	Number   int32             `json:"number"`
	Protocol nov1.ProtocolType `json:"protocol"`
}

// String is the notation of flags and messages: 8080/tcp.
func (p Port) String() string {
	return fmt.Sprintf("%d/%s", p.Number, strings.ToLower(string(p.Protocol)))
}

// PortOf is the port that clients send to for rule.
func PortOf(rule nov1.L4RedirectRule) Port {
	return Port{Number: rule.Port, Protocol: rule.Protocol}
}

// ParsePort reads PORT[/PROTOCOL]; the protocol is tcp unless given.
func ParsePort(s string) (Port, error) {
	number, protocol, given := strings.Cut(s, "/")
	n, err := parsePortNumber(number)
	if err != nil {
		return Port{}, err
	}
	if !given {
		return Port{n, nov1.ProtocolTypeTCP}, nil
	}
	p, err := parseProtocol(protocol)
	if err != nil {
		return Port{}, err
	}
	return Port{n, p}, nil
}

// ParseRule reads PORT[/PROTOCOL]=IP[:TARGETPORT], an IPv6 address with a target port in brackets.
// Whether the destination is an address at all is a check's to say (EGR107), since files reach it too;
// only what is in brackets must be one.
func ParseRule(s string) (nov1.L4RedirectRule, error) {
	left, right, ok := strings.Cut(s, "=")
	if !ok {
		return nov1.L4RedirectRule{}, fmt.Errorf("%q has no '=': write PORT[/PROTOCOL]=IP[:TARGETPORT], such as 8080=203.0.113.26:80", s)
	}
	port, err := ParsePort(left)
	if err != nil {
		return nov1.L4RedirectRule{}, fmt.Errorf("%q: %w", s, err)
	}
	if strings.Contains(right, ",") {
		return nov1.L4RedirectRule{}, fmt.Errorf("%q is a list: write one --redirect for each rule", s)
	}
	ip, target, err := parseDestination(right)
	if err != nil {
		return nov1.L4RedirectRule{}, fmt.Errorf("%q: %w", s, err)
	}
	return nov1.L4RedirectRule{Port: port.Number, Protocol: port.Protocol, DestinationIP: ip, TargetPort: target}, nil
}

// parseDestination splits IP[:TARGETPORT]; 0 is no target port.
func parseDestination(s string) (ip string, target int32, err error) {
	ip = s
	port := ""
	switch {
	case strings.HasPrefix(s, "["):
		inner, rest, closed := strings.Cut(s[1:], "]")
		// Brackets keep the colons of an address from the target port's. Around anything else they would get
		// lost, and what is printed could not be typed.
		_, err := netip.ParseAddr(inner)
		if !closed || (rest != "" && !strings.HasPrefix(rest, ":")) || (inner != "" && err != nil) {
			return "", 0, fmt.Errorf("destination %q: write [IPv6]:TARGETPORT", s)
		}
		ip, port = inner, rest
	case strings.Count(s, ":") == 1:
		i := strings.IndexByte(s, ':')
		ip, port = s[:i], s[i:]
	}
	if ip == "" {
		return "", 0, fmt.Errorf("no destination: write PORT[/PROTOCOL]=IP[:TARGETPORT], such as 8080=203.0.113.26:80")
	}
	if port == "" {
		return ip, 0, nil
	}
	target, err = parsePortNumber(port[1:])
	if err != nil {
		return "", 0, fmt.Errorf("target %w", err)
	}
	return ip, target, nil
}

func parsePortNumber(s string) (int32, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		if strings.LastIndexAny(s, "-:,") > 0 { // -1 is neither
			return 0, fmt.Errorf("port %q is a range or list: write one rule per port", s)
		}
		return 0, fmt.Errorf("port %q is not a number from 1 to 65535", s)
	}
	return int32(n), nil
}

func parseProtocol(s string) (nov1.ProtocolType, error) {
	// To upper case would make an S of the letter ſ.
	switch strings.ToLower(s) {
	case "tcp":
		return nov1.ProtocolTypeTCP, nil
	case "udp":
		return nov1.ProtocolTypeUDP, nil
	case "sctp":
		return nov1.ProtocolTypeSCTP, nil
	default:
		return "", fmt.Errorf("invalid protocol %q: must be tcp, udp or sctp", s)
	}
}

// Destination is rule in the notation of the CNI plugin: "8080 TCP 203.0.113.26 80".
func Destination(rule nov1.L4RedirectRule) string {
	s := fmt.Sprintf("%d %s %s", rule.Port, rule.Protocol, rule.DestinationIP)
	if rule.TargetPort != 0 {
		s += fmt.Sprintf(" %d", rule.TargetPort)
	}
	return s
}

// FormatRule is rule as a person types it: 8080/tcp=203.0.113.26:80.
func FormatRule(rule nov1.L4RedirectRule) string {
	ip := rule.DestinationIP
	if rule.TargetPort == 0 {
		return PortOf(rule).String() + "=" + ip
	}
	if strings.Contains(ip, ":") {
		ip = "[" + ip + "]"
	}
	return fmt.Sprintf("%s=%s:%d", PortOf(rule), ip, rule.TargetPort)
}
