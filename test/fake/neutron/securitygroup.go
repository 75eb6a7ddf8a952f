package neutron

// Rule is a rule of a security group. Empty fields match everything, as in Neutron.
type Rule struct {
	ID string
	// Direction is ingress or egress; EtherType is IPv4 where it is empty.
	Direction string
	EtherType string
	// Protocol is a name or a number.
	Protocol string
	// PortMin and PortMax are 0 where the rule matches every port.
	PortMin, PortMax int
	// RemoteIP is a CIDR; RemoteGroupID the ID of a security group.
	RemoteIP      string
	RemoteGroupID string
}

type securityGroup struct {
	ident, name, projectID string
	rules                  []string // IDs
	revision               int
	store                  *store
}

func (g *securityGroup) id() string { return g.ident }

// groupRule is a Rule and where it belongs.
type groupRule struct {
	Rule
	groupID, projectID string
}

func (r *groupRule) id() string { return r.ID }

func groupAttributes() []attribute[*securityGroup] {
	constant := func(value any) func(*securityGroup) any { return func(*securityGroup) any { return value } }
	return []attribute[*securityGroup]{
		{"id", func(g *securityGroup) any { return g.ident }, filtered},
		{"name", func(g *securityGroup) any { return g.name }, filtered},
		{"tenant_id", func(g *securityGroup) any { return g.projectID }, filtered},
		{"project_id", func(g *securityGroup) any { return g.projectID }, filtered},
		{"stateful", constant(true), filtered},
		{"shared", constant(false), filtered},
		{"description", constant(""), filtered},
		{"security_group_rules", func(g *securityGroup) any {
			views := make([]any, 0, len(g.rules))
			for _, id := range g.rules {
				view := map[string]any{}
				for _, a := range g.store.rules.attributes {
					view[a.name] = a.of(g.store.rules.items[id])
				}
				views = append(views, view)
			}
			return views
		}, shown},
		{"tags", constant([]any{}), shown},
		{"created_at", constant(created), shown},
		{"updated_at", constant(created), shown},
		{"revision_number", func(g *securityGroup) any { return g.revision }, filtered},
	}
}

func ruleAttributes() []attribute[*groupRule] {
	constant := func(value any) func(*groupRule) any { return func(*groupRule) any { return value } }
	return []attribute[*groupRule]{
		{"id", func(r *groupRule) any { return r.ID }, filtered},
		{"tenant_id", func(r *groupRule) any { return r.projectID }, filtered},
		{"project_id", func(r *groupRule) any { return r.projectID }, filtered},
		{"security_group_id", func(r *groupRule) any { return r.groupID }, filtered},
		{"ethertype", func(r *groupRule) any { return r.EtherType }, filtered},
		{"direction", func(r *groupRule) any { return r.Direction }, filtered},
		{"protocol", func(r *groupRule) any { return orNull(r.Protocol) }, filtered},
		{"port_range_min", func(r *groupRule) any { return orNull(r.PortMin) }, filtered},
		{"port_range_max", func(r *groupRule) any { return orNull(r.PortMax) }, filtered},
		{"remote_ip_prefix", func(r *groupRule) any { return orNull(r.RemoteIP) }, filtered},
		{"normalized_cidr", func(r *groupRule) any { return orNull(r.RemoteIP) }, shown},
		{"remote_group_id", func(r *groupRule) any { return orNull(r.RemoteGroupID) }, filtered},
		{"remote_address_group_id", constant(nil), filtered},
		{"description", constant(nil), filtered},
		{"created_at", constant(created), shown},
		{"updated_at", constant(created), shown},
		{"revision_number", constant(0), filtered},
	}
}

// orNull is null for what is empty.
func orNull[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}

// AddSecurityGroup adds a security group of the project k8s and gives its ID. Without rules it lets nothing through.
func (s *Server) AddSecurityGroup(name string, rules ...Rule) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addGroup(name, s.seed.Projects["k8s"], rules)
}

func (s *Server) addGroup(name, projectID string, rules []Rule) string {
	g := &securityGroup{ident: newUUID(), name: name, projectID: projectID, store: s.store}
	s.store.groups.items[g.ident] = g
	s.setRules(g, rules)
	return g.ident
}

// SetRules makes these the rules of a security group. Empty IDs and ether types are filled in. It panics where there
// is no such group.
func (s *Server) SetRules(securityGroupID string, rules []Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.store.groups.items[securityGroupID]
	if g == nil {
		panic("fake neutron: no security group " + securityGroupID)
	}
	s.setRules(g, rules)
}

func (s *Server) setRules(g *securityGroup, rules []Rule) {
	for _, id := range g.rules {
		delete(s.store.rules.items, id)
	}
	g.rules = nil
	for _, rule := range rules {
		if rule.ID == "" {
			rule.ID = newUUID()
		}
		if rule.EtherType == "" {
			rule.EtherType = "IPv4"
		}
		s.store.rules.items[rule.ID] = &groupRule{Rule: rule, groupID: g.ident, projectID: g.projectID}
		g.rules = append(g.rules, rule.ID)
	}
	g.revision++
}

// groupsOf are the IDs of a project's security groups of that name.
func (s *Server) groupsOf(projectID, name string) []string {
	var out []string
	for _, g := range s.store.groups.sorted() {
		if g.projectID == projectID && g.name == name {
			out = append(out, g.ident)
		}
	}
	return out
}
