package neutron

import (
	"net/http"
	"strings"
)

// mayWrite is the policy of ports as Neutron ships it: whoever has a role in the port's project may write it, but what
// affects other ports only admins and the owner of the network may say. Owning the port is not enough for its pairs.
func (s *Server) mayWrite(who *caller, b *portBody, projectID, networkID, action string) error {
	if who.admin() {
		return nil
	}
	rule := func(parts ...string) string { return "rule:" + strings.Join(append([]string{action}, parts...), ":") }
	var rules []string
	if !s.store.ownsNetwork(who, networkID) {
		rules = networkOwnerRules(b, rule)
	}
	switch {
	case s.options.ReadersRead && who.readsOnly(), !who.owns(projectID) && action != "delete_port":
		return notAuthorized(rule())
	case b.mac != nil && action == "update_port":
		rules = append(rules, rule("mac_address"))
	}
	if len(rules) == 0 {
		return nil
	}
	message := "(" + rule() + " and " + rules[0] + ")"
	for _, more := range rules[1:] {
		message = "(" + message + " and " + more + ")"
	}
	return notAuthorized(message)
}

// networkOwnerRules name what b says that only the owner of the network may.
func networkOwnerRules(b *portBody, rule func(parts ...string) string) []string {
	var rules []string
	if b.pairs != nil {
		rules = append(rules, withParts(rule, "allowed_address_pairs", b.pairFields))
	}
	if b.fixedIPs != nil {
		var addresses []string
		for _, f := range *b.fixedIPs {
			if f.IP != "" {
				addresses = append(addresses, "ip_address")
			}
		}
		if len(addresses) > 0 {
			rules = append(rules, withParts(rule, "fixed_ips", addresses))
		}
	}
	if b.mac != nil && rule() == "rule:create_port" {
		rules = append(rules, rule("mac_address"))
	}
	if b.security != nil {
		rules = append(rules, rule("port_security_enabled"))
	}
	return rules
}

// withParts is the rule of an attribute and of the parts of it that were said.
func withParts(rule func(parts ...string) string, attribute string, parts []string) string {
	if len(parts) == 0 {
		return rule(attribute)
	}
	of := make([]string, 0, len(parts))
	for _, part := range parts {
		of = append(of, rule(attribute, part))
	}
	return "(" + rule(attribute) + " and (" + strings.Join(of, " and ") + "))"
}

func notAuthorized(rule string) error {
	return &neutronError{http.StatusForbidden, "PolicyNotAuthorized", rule + " is disallowed by policy"}
}
