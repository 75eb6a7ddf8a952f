package neutron

import "net/netip"

// Network is a network as it is in the server.
type Network struct {
	ID        string
	Name      string
	ProjectID string
	// Shared lets every project put ports on the network.
	Shared bool
	// MTU is what the backend leaves of 1500 where it is 0.
	MTU      int
	Revision int

	subnets []string
}

func (n *Network) id() string { return n.ID }

// Subnet is a subnet as it is in the server.
type Subnet struct {
	ID        string
	Name      string
	ProjectID string
	NetworkID string
	CIDR      string
	// Gateway is the subnet's first address where it is empty.
	Gateway string
	// Pools are the ranges that addresses are handed out of; all but the gateway where there are none.
	Pools []Pool
	// NoDHCP is enable_dhcp: false.
	NoDHCP   bool
	Revision int
}

func (n *Subnet) id() string { return n.ID }

// Pool is a range of addresses, both ends included.
type Pool struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

func networkAttributes() []attribute[*Network] {
	constant := func(value any) func(*Network) any { return func(*Network) any { return value } }
	return []attribute[*Network]{
		{"id", func(n *Network) any { return n.ID }, filtered},
		{"name", func(n *Network) any { return n.Name }, filtered},
		{"tenant_id", func(n *Network) any { return n.ProjectID }, filtered},
		{"project_id", func(n *Network) any { return n.ProjectID }, filtered},
		{"admin_state_up", constant(true), filtered},
		{"mtu", func(n *Network) any { return n.MTU }, filtered},
		{"status", constant("ACTIVE"), filtered},
		{"subnets", func(n *Network) any { return append([]string{}, n.subnets...) }, shown},
		{"shared", func(n *Network) any { return n.Shared }, filtered},
		{"router:external", constant(false), filtered},
		{"port_security_enabled", constant(true), shown},
		{"availability_zone_hints", constant([]any{}), shown},
		{"availability_zones", constant([]any{}), shown},
		{"ipv4_address_scope", constant(nil), shown},
		{"ipv6_address_scope", constant(nil), shown},
		{"description", constant(""), filtered},
		{"tags", constant([]any{}), shown},
		{"created_at", constant(created), shown},
		{"updated_at", constant(created), shown},
		{"revision_number", func(n *Network) any { return n.Revision }, filtered},
		{"provider:network_type", constant("local"), adminOnly},
		{"provider:physical_network", constant(nil), adminOnly},
		{"provider:segmentation_id", constant(nil), adminOnly},
	}
}

func subnetAttributes() []attribute[*Subnet] {
	constant := func(value any) func(*Subnet) any { return func(*Subnet) any { return value } }
	return []attribute[*Subnet]{
		{"id", func(n *Subnet) any { return n.ID }, filtered},
		{"name", func(n *Subnet) any { return n.Name }, filtered},
		{"tenant_id", func(n *Subnet) any { return n.ProjectID }, filtered},
		{"project_id", func(n *Subnet) any { return n.ProjectID }, filtered},
		{"network_id", func(n *Subnet) any { return n.NetworkID }, filtered},
		{"ip_version", func(n *Subnet) any { return n.version() }, filtered},
		{"cidr", func(n *Subnet) any { return n.CIDR }, filtered},
		{"gateway_ip", func(n *Subnet) any { return n.Gateway }, filtered},
		{"allocation_pools", func(n *Subnet) any { return append([]Pool{}, n.Pools...) }, shown},
		{"enable_dhcp", func(n *Subnet) any { return !n.NoDHCP }, filtered},
		{"subnetpool_id", constant(nil), filtered},
		{"ipv6_ra_mode", constant(nil), filtered},
		{"ipv6_address_mode", constant(nil), filtered},
		{"host_routes", constant([]any{}), shown},
		{"dns_nameservers", constant([]any{}), shown},
		{"service_types", constant([]any{}), shown},
		{"description", constant(""), filtered},
		{"tags", constant([]any{}), shown},
		{"created_at", constant(created), shown},
		{"updated_at", constant(created), shown},
		{"revision_number", func(n *Subnet) any { return n.Revision }, filtered},
	}
}

// created is when everything was made: no answer here depends on a clock.
const created = "2026-01-01T00:00:00Z"

func (n *Subnet) prefix() netip.Prefix { return netip.MustParsePrefix(n.CIDR).Masked() }

func (n *Subnet) version() int {
	if n.prefix().Addr().Is4() {
		return 4
	}
	return 6
}

// AddNetwork adds a network; it fills in what is empty: an ID, and the project k8s.
func (s *Server) AddNetwork(n Network) Network {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fillOwner(&n.ID, &n.ProjectID)
	if n.MTU == 0 {
		n.MTU = s.mtu()
	}
	n.Revision++
	s.store.networks.items[n.ID] = &n
	return n
}

// AddSubnet adds a subnet to a network that stands; it fills in what is empty: an ID, the project of the network,
// the gateway and the pools. It panics where CIDR is none.
func (s *Server) AddSubnet(n Subnet) Subnet {
	s.mu.Lock()
	defer s.mu.Unlock()
	network := s.store.networks.items[n.NetworkID]
	if network == nil {
		panic("fake neutron: a subnet on no network: " + n.NetworkID)
	}
	if n.ProjectID == "" {
		n.ProjectID = network.ProjectID
	}
	s.fillOwner(&n.ID, &n.ProjectID)
	first := n.prefix().Addr().Next()
	if n.Gateway == "" {
		n.Gateway = first.String()
	}
	if len(n.Pools) == 0 {
		n.Pools = []Pool{{Start: first.Next().String(), End: lastAddress(n.prefix()).Prev().String()}}
	}
	s.store.subnets.items[n.ID] = &n
	network.subnets = append(network.subnets, n.ID)
	network.Revision++
	return n
}

func lastAddress(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}

func (s *Server) fillOwner(id, project *string) {
	if *id == "" {
		*id = newUUID()
	}
	if *project == "" {
		*project = s.seed.Projects["k8s"]
	}
}
