package neutron

import (
	"net/http"
	"slices"
)

// extensionNames are the aliases that the server shows. Neutron's own plug-in brings the first ones.
func (s *Server) extensionNames() []string {
	names := []string{
		"address-group", "address-scope", "agent", "allowed-address-pairs", "availability_zone", "binding", "external-net",
		"extra_dhcp_opt", "filter-validation", "net-mtu", "pagination", "port-security", "port-security-groups-filtering",
		"project-id", "provider", "quotas", "rbac-policies", "security-group", "sorting", "standard-attr-description",
		"standard-attr-revisions", "standard-attr-tag", "standard-attr-timestamp", "subnet-service-types", "trunk", "trunk-details",
	}
	if !s.options.NoRevisionGuard {
		names = append(names, "revision-if-match")
	}
	if s.options.Backend == "openvswitch" {
		names = append(names, "dhcp_agent_scheduler", "dvr", "l3-ha", "l3_agent_scheduler")
	}
	slices.Sort(names)
	return names
}

// mtu is what a tunnel of the backend leaves of 1500.
func (s *Server) mtu() int {
	switch s.options.Backend {
	case "ovn": // Geneve
		return 1442
	case "openvswitch": // VXLAN
		return 1450
	}
	return 1500
}

// extensions is GET /v2.0/extensions and /v2.0/extensions/<alias>. One that is missing is no NeutronError.
func (s *Server) extensions(c *call, parts []string) (answer, error) {
	if c.Method != http.MethodGet || len(parts) > 1 {
		return answer{}, wrongMethod()
	}
	names := s.extensionNames()
	if len(parts) == 0 {
		var list []any
		for _, name := range names {
			list = append(list, extension(name))
		}
		return answer{status: http.StatusOK, body: map[string]any{"extensions": list}}, nil
	}
	if !slices.Contains(names, parts[0]) {
		return page404(c, "Extension with alias "+parts[0]+" does not exist\n"), nil
	}
	return answer{status: http.StatusOK, body: map[string]any{"extension": extension(parts[0])}}, nil
}

func extension(alias string) map[string]any {
	return map[string]any{
		"alias": alias, "name": alias, "description": "The extension " + alias + ".",
		"updated": "2016-12-11T00:00:00-00:00", "links": []any{},
	}
}
