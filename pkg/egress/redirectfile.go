package egress

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
)

// ParseRedirectFile reads the line format that the egress routers of OpenShift SDN used: one rule per line,
// "80 udp 10.100.3.0" or "8080 tcp 203.0.113.26 80"; a bare IP, as the last line, takes all other
// traffic; '#' begins a comment. Errors name the line.
func ParseRedirectFile(r io.Reader) (rules []nov1.L4RedirectRule, fallback string, err error) {
	lines := bufio.NewScanner(r)
	n := 1
	for ; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		if fallback != "" {
			return nil, "", fmt.Errorf("line %d: %q comes after the fallback %s: a bare IP takes all traffic, so it must be the last line",
				n, strings.Join(fields, " "), fallback)
		}
		if len(fields) == 1 {
			fallback = fields[0]
			continue
		}
		rule, err := parseRedirectLine(fields)
		if err != nil {
			return nil, "", fmt.Errorf("line %d: %w", n, err)
		}
		rules = append(rules, rule)
	}
	if err := lines.Err(); err != nil {
		return nil, "", fmt.Errorf("line %d: %w", n, err)
	}
	if len(rules) == 0 && fallback == "" {
		return nil, "", fmt.Errorf("no redirect in it: write a line such as \"8080 tcp 203.0.113.26 80\"")
	}
	return rules, fallback, nil
}

func parseRedirectLine(fields []string) (nov1.L4RedirectRule, error) {
	var rule nov1.L4RedirectRule
	line := strings.Join(fields, " ")
	if len(fields) < 3 || len(fields) > 4 {
		return rule, fmt.Errorf("%q: write PORT PROTOCOL IP [TARGETPORT], such as \"8080 tcp 203.0.113.26 80\"", line)
	}
	number, err := parsePortNumber(fields[0])
	if err != nil {
		return rule, fmt.Errorf("%q: %w", line, err)
	}
	protocol, err := parseProtocol(fields[1])
	if err != nil {
		return rule, fmt.Errorf("%q: %w", line, err)
	}
	rule = nov1.L4RedirectRule{Port: number, Protocol: protocol, DestinationIP: fields[2]}
	if len(fields) == 4 {
		if rule.TargetPort, err = parsePortNumber(fields[3]); err != nil {
			return rule, fmt.Errorf("%q: target %w", line, err)
		}
	}
	return rule, nil
}
