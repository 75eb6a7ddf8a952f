package neutron

import (
	"cmp"
	"slices"
	"strings"
)

// Port is a port as it is in the server.
type Port struct {
	ID          string
	Name        string
	Description string
	ProjectID   string
	NetworkID   string
	DeviceID    string
	// DeviceOwner is what the port is for, such as compute:nova or trunk:subport.
	DeviceOwner string
	// MAC is in lower case with colons.
	MAC      string
	FixedIPs []FixedIP
	Pairs    []Pair
	// SecurityGroups are IDs.
	SecurityGroups []string
	// NoSecurity is port_security_enabled: false.
	NoSecurity bool
	// Down is admin_state_up: false.
	Down bool
	Tags []string
	// Revision is revision_number; each write adds one.
	Revision int
}

// FixedIP is an address of a port on a subnet.
type FixedIP struct {
	SubnetID string `json:"subnet_id"`
	IP       string `json:"ip_address"`
}

// Pair is an allowed-address pair, spelt as it was sent.
type Pair struct {
	// IP is an address or a CIDR.
	IP string `json:"ip_address"`
	// MAC is the port's own where a client left it out.
	MAC string `json:"mac_address"`
}

func (p *Port) id() string { return p.ID }

// copy shares nothing with the port that stands.
func (p *Port) copy() Port {
	out := *p
	out.FixedIPs, out.Pairs = slices.Clone(p.FixedIPs), slices.Clone(p.Pairs)
	out.SecurityGroups, out.Tags = slices.Clone(p.SecurityGroups), slices.Clone(p.Tags)
	return out
}

// setPairs stores a copy of pairs in the order that Neutron answers with, whatever the order they came in. A pair
// without a MAC gets the port's.
func (p *Port) setPairs(pairs []Pair) {
	p.Pairs = slices.Clone(pairs)
	for i := range p.Pairs {
		p.Pairs[i].MAC = cmp.Or(p.Pairs[i].MAC, p.MAC)
	}
	slices.SortFunc(p.Pairs, func(a, b Pair) int { return cmp.Or(cmp.Compare(a.MAC, b.MAC), cmp.Compare(a.IP, b.IP)) })
}

func portAttributes(st *store) []attribute[*Port] {
	constant := func(value any) func(*Port) any { return func(*Port) any { return value } }
	return []attribute[*Port]{
		{"id", func(p *Port) any { return p.ID }, filtered},
		{"name", func(p *Port) any { return p.Name }, filtered},
		{"network_id", func(p *Port) any { return p.NetworkID }, filtered},
		{"tenant_id", func(p *Port) any { return p.ProjectID }, filtered},
		{"project_id", func(p *Port) any { return p.ProjectID }, filtered},
		{"mac_address", func(p *Port) any { return p.MAC }, filtered},
		{"admin_state_up", func(p *Port) any { return !p.Down }, filtered},
		{"status", constant("DOWN"), filtered},
		{"device_id", func(p *Port) any { return p.DeviceID }, filtered},
		{"device_owner", func(p *Port) any { return p.DeviceOwner }, filtered},
		{"fixed_ips", func(p *Port) any { return append([]FixedIP{}, p.FixedIPs...) }, shown},
		{"allowed_address_pairs", func(p *Port) any { return append([]Pair{}, p.Pairs...) }, shown},
		{"extra_dhcp_opts", constant([]any{}), shown},
		{"security_groups", func(p *Port) any { return append([]string{}, p.SecurityGroups...) }, shown},
		{"description", func(p *Port) any { return p.Description }, filtered},
		{"binding:vnic_type", constant("normal"), shown},
		{"binding:profile", constant(map[string]any{}), adminOnly},
		{"binding:host_id", constant(""), adminOnly},
		{"binding:vif_type", constant("unbound"), adminOnly},
		{"binding:vif_details", constant(map[string]any{}), adminOnly},
		{"port_security_enabled", func(p *Port) any { return !p.NoSecurity }, shown},
		{"tags", func(p *Port) any { return append([]string{}, p.Tags...) }, shown},
		{"trunk_details", st.trunkDetails, shown},
		{"created_at", constant(created), shown},
		{"updated_at", constant(created), shown},
		{"revision_number", func(p *Port) any { return p.Revision }, filtered},
	}
}

// portFilters are those that are not the comparison of an attribute.
func portFilters() map[string]filter[*Port] {
	return map[string]filter[*Port]{
		"fixed_ips": fixedIPFilter,
		"mac_address": func(values []string) (func(*Port) bool, error) {
			return func(p *Port) bool {
				return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, p.MAC) })
			}, nil
		},
		"security_groups": func(values []string) (func(*Port) bool, error) {
			return func(p *Port) bool { return containsAny(p.SecurityGroups, values) }, nil
		},
		"tags": func(values []string) (func(*Port) bool, error) {
			want := strings.Split(strings.Join(values, ","), ",")
			return func(p *Port) bool {
				return !slices.ContainsFunc(want, func(tag string) bool { return !slices.Contains(p.Tags, tag) })
			}, nil
		},
	}
}

func containsAny(all, some []string) bool {
	return slices.ContainsFunc(some, func(v string) bool { return slices.Contains(all, v) })
}

// fixedIPFilter reads fixed_ips=ip_address=10.0.0.5&fixed_ips=subnet_id=...: addresses are ORed, subnets are ORed, and
// one fixed IP must match both.
func fixedIPFilter(values []string) (func(*Port) bool, error) {
	want := map[string][]string{}
	for _, value := range values {
		key, of, found := strings.Cut(value, "=")
		if !found {
			return nil, invalidInput("'" + value + "' is not of the form <key>=[value].")
		}
		want[key] = append(want[key], of)
	}
	matches := func(key, value string) bool { return len(want[key]) == 0 || slices.Contains(want[key], value) }
	return func(p *Port) bool {
		return slices.ContainsFunc(p.FixedIPs, func(f FixedIP) bool {
			part := len(want["ip_address_substr"]) == 0 || slices.ContainsFunc(want["ip_address_substr"], func(v string) bool {
				return strings.Contains(f.IP, v)
			})
			return part && matches("ip_address", f.IP) && matches("subnet_id", f.SubnetID)
		})
	}, nil
}
