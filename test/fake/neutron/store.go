package neutron

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// resource is what a table holds: a pointer to a Port, a Network, and so on. What hangs below it is replaced, never
// changed in place, so that an answer can be written after the lock is gone.
type resource interface {
	id() string
}

// attribute is a field of a resource as the API shows it.
type attribute[T any] struct {
	name string
	of   func(T) any
	use  use
}

// missing is the value of an attribute that an item does not have.
type missing struct{}

// use says what an attribute is good for beyond being shown.
type use int

const (
	shown    use = iota
	filtered     // lists can be filtered by it
	adminOnly
)

// table is one kind of resource.
type table[T resource] struct {
	one, many  string // the keys of a body: port, ports
	missing    func(id string) error
	attributes []attribute[T]
	// visible tells who may see an item; who may not is told that there is none.
	visible func(who *caller, item T) bool
	// special filters beside those by attribute; nil where there are none.
	special map[string]filter[T]
	items   map[string]T
}

// filter makes of the values of a filter what reports whether an item passes.
type filter[T any] func(values []string) (passes func(item T) bool, err error)

func notFound(kind, format string) func(id string) error {
	return func(id string) error { return &neutronError{http.StatusNotFound, kind, fmt.Sprintf(format, id)} }
}

// store is all that Neutron holds.
type store struct {
	ports     table[*Port]
	networks  table[*Network]
	subnets   table[*Subnet]
	groups    table[*securityGroup]
	rules     table[*groupRule]
	trunks    table[*Trunk]
	addresses map[FixedIP]string // who holds an address: the ID of the port
	macs      uint32             // how many were made up
}

func newStore() *store {
	st := &store{addresses: map[FixedIP]string{}}
	st.networks = table[*Network]{
		one: "network", many: "networks", missing: notFound("NetworkNotFound", "Network %s could not be found."),
		attributes: networkAttributes(), items: map[string]*Network{},
		visible: func(who *caller, n *Network) bool { return who.admin() || who.owns(n.ProjectID) || n.Shared },
	}
	st.subnets = table[*Subnet]{
		one: "subnet", many: "subnets", missing: notFound("SubnetNotFound", "Subnet %s could not be found."),
		attributes: subnetAttributes(), items: map[string]*Subnet{},
		visible: func(who *caller, n *Subnet) bool {
			return who.owns(n.ProjectID) || st.networks.visible(who, st.networks.items[n.NetworkID])
		},
	}
	st.ports = table[*Port]{
		one: "port", many: "ports", missing: notFound("PortNotFound", "Port %s could not be found."),
		attributes: portAttributes(st), special: portFilters(), items: map[string]*Port{},
		visible: func(who *caller, p *Port) bool { return who.owns(p.ProjectID) || st.ownsNetwork(who, p.NetworkID) },
	}
	st.groups = table[*securityGroup]{
		one: "security_group", many: "security_groups",
		missing:    notFound("SecurityGroupNotFound", "Security group %s does not exist"),
		attributes: groupAttributes(), items: map[string]*securityGroup{},
		visible: func(who *caller, g *securityGroup) bool { return who.admin() || who.owns(g.projectID) },
	}
	st.rules = table[*groupRule]{
		one: "security_group_rule", many: "security_group_rules",
		missing:    notFound("SecurityGroupRuleNotFound", "Security group rule %s does not exist"),
		attributes: ruleAttributes(), items: map[string]*groupRule{},
		visible: func(who *caller, r *groupRule) bool { return who.admin() || who.owns(r.projectID) },
	}
	st.trunks = table[*Trunk]{
		one: "trunk", many: "trunks", missing: notFound("TrunkNotFound", "Trunk %s could not be found."),
		attributes: trunkAttributes(), items: map[string]*Trunk{},
		visible: func(who *caller, t *Trunk) bool { return who.admin() || who.owns(t.ProjectID) },
	}
	return st
}

// ownsNetwork reports whether who may do on a network what only its owner and admins may.
func (st *store) ownsNetwork(who *caller, networkID string) bool {
	network := st.networks.items[networkID]
	return who.admin() || network != nil && who.owns(network.ProjectID)
}

// find is the item of that ID, if who may see it.
func (t *table[T]) find(who *caller, id string) (T, error) {
	item, ok := t.items[id]
	if !ok || !t.visible(who, item) {
		var none T
		return none, t.missing(id)
	}
	return item, nil
}

// sorted are the items by ID: without a sort_key, that is Neutron's order.
func (t *table[T]) sorted() []T {
	return slices.SortedFunc(maps.Values(t.items), func(a, b T) int { return cmp.Compare(a.id(), b.id()) })
}

func (t *table[T]) attribute(name string) (attribute[T], bool) {
	i := slices.IndexFunc(t.attributes, func(a attribute[T]) bool { return a.name == name })
	if i < 0 {
		return attribute[T]{}, false
	}
	return t.attributes[i], true
}

// view is an item as who sees it; with fields, those alone, and unknown ones are just not there.
func (t *table[T]) view(who *caller, item T, fields []string) map[string]any {
	out := map[string]any{}
	for _, a := range t.attributes {
		if len(fields) > 0 && !slices.Contains(fields, a.name) || a.use == adminOnly && !who.admin() {
			continue
		}
		if value := a.of(item); value != (missing{}) {
			out[a.name] = value
		}
	}
	return out
}

// get is the answer to GET /v2.0/<many>/<id>.
func (t *table[T]) get(c *call, id string) (answer, error) {
	item, err := t.find(c.who, id)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: map[string]any{t.one: t.view(c.who, item, c.URL.Query()["fields"])}}, nil
}
