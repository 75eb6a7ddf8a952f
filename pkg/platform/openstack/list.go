package openstack

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/groups"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/trunks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
	"github.com/gophercloud/gophercloud/v2/pagination"
	"golang.org/x/sync/errgroup"
)

// longestTarget bounds a request target: Neutron's own web server takes 8,176 bytes (measured on
// Neutron 21), and the rest is for what the link to a next page adds.
const longestTarget = 8176 - 96

// listsInFlight is how many lists are asked for at a time.
const listsInFlight = 4

// port is what this package reads of a port.
type port struct {
	ID             string              `json:"id"`
	Name           string              `json:"name"`
	ProjectID      string              `json:"project_id"`
	NetworkID      string              `json:"network_id"`
	DeviceID       string              `json:"device_id"`
	DeviceOwner    string              `json:"device_owner"`
	MAC            string              `json:"mac_address"`
	FixedIPs       []ports.IP          `json:"fixed_ips"`
	Pairs          []ports.AddressPair `json:"allowed_address_pairs"`
	SecurityGroups []string            `json:"security_groups"`
	// Secured is nil where the cloud knows no port security: ports are secured there.
	Secured  *bool `json:"port_security_enabled"`
	Revision int   `json:"revision_number"`
}

// unsecured reports whether every frame of the port passes anyway.
func (p *port) unsecured() bool { return p.Secured != nil && !*p.Secured }

// query is a request's query as it is sent. gophercloud's own options hold one value for each filter; Neutron
// takes many, and finds what has any of them.
type query string

// ToPortListQuery makes a query gophercloud's.
func (q query) ToPortListQuery() (string, error) { return "?" + string(q), nil }

// ToSubnetListQuery makes a query gophercloud's.
func (q query) ToSubnetListQuery() (string, error) { return "?" + string(q), nil }

// ToNetworkListQuery makes a query gophercloud's.
func (q query) ToNetworkListQuery() (string, error) { return "?" + string(q), nil }

// ToTrunkListQuery makes a query gophercloud's.
func (q query) ToTrunkListQuery() (string, error) { return "?" + string(q), nil }

// queries are as few as ask for every value of the filter name, each with the fields wanted, none with a target
// too long for resource.
func (c *Cloud) queries(resource string, fields []string, name string, values []string) []query {
	fixed := url.Values{"fields": fields}.Encode()
	room := longestTarget - len(c.target(resource)) - len("?") - len(fixed)
	var out []query
	for next := ""; len(values) > 0; next = "" {
		for len(values) > 0 {
			item := "&" + url.Values{name: values[:1]}.Encode()
			if next != "" && len(next)+len(item) > room {
				break
			}
			next, values = next+item, values[1:]
		}
		out = append(out, query(fixed+next))
	}
	return out
}

// target is the path of a resource as it stands in the request line.
func (c *Cloud) target(resource string) string {
	address := c.network.ServiceURL(resource)
	if u, err := url.Parse(address); err == nil {
		return u.EscapedPath()
	}
	return address
}

// collect asks for every query and gathers what every page holds, in the order of the queries.
func collect[T any](ctx context.Context, queries []query, pager func(query) pagination.Pager, extract func(pagination.Page) ([]T, error)) ([]T, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(listsInFlight)
	var mu sync.Mutex
	found := make([][]T, len(queries))
	for i, q := range queries {
		group.Go(func() error {
			return pager(q).EachPage(ctx, func(_ context.Context, page pagination.Page) (bool, error) {
				items, err := extract(page)
				mu.Lock()
				defer mu.Unlock()
				found[i] = append(found[i], items...)
				return err == nil, err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var out []T
	for _, items := range found {
		out = append(out, items...)
	}
	return out, nil
}

// ports lists the ports for which the filter name has any of values.
func (c *Cloud) ports(ctx context.Context, name string, values []string) ([]*port, error) {
	fields := []string{"id", "name", "project_id", "network_id", "device_id", "device_owner", "mac_address", "fixed_ips",
		"allowed_address_pairs", "security_groups", "port_security_enabled", "revision_number"}
	found, err := collect(ctx, c.queries("ports", fields, name, values),
		func(q query) pagination.Pager { return ports.List(c.network, q) },
		func(page pagination.Page) ([]*port, error) {
			var list []*port
			return list, ports.ExtractPortsInto(page, &list)
		})
	return found, c.explain(err, "listing ports")
}

// portsWithAddress lists the ports that have any of addresses as their own.
func (c *Cloud) portsWithAddress(ctx context.Context, addresses []string) ([]*port, error) {
	values := make([]string, len(addresses))
	for i, address := range addresses {
		values[i] = "ip_address=" + address
	}
	return c.ports(ctx, "fixed_ips", values)
}

func (c *Cloud) subnets(ctx context.Context, networkIDs []string) ([]subnets.Subnet, error) {
	fields := []string{"id", "name", "network_id", "cidr", "allocation_pools", "gateway_ip"}
	found, err := collect(ctx, c.queries("subnets", fields, "network_id", networkIDs),
		func(q query) pagination.Pager { return subnets.List(c.network, q) }, subnets.ExtractSubnets)
	return found, c.explain(err, "listing subnets")
}

// network is what this package reads of a network.
type network struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	ProjectID string `json:"project_id"`
	MTU       int    `json:"mtu"`
}

func (n network) String() string { return named{n.ID, n.Name}.String() }

func (c *Cloud) networks(ctx context.Context, ids []string) ([]network, error) {
	found, err := collect(ctx, c.queries("networks", []string{"id", "name", "project_id", "mtu"}, "id", ids),
		func(q query) pagination.Pager { return networks.List(c.network, q) },
		func(page pagination.Page) ([]network, error) {
			var list []network
			return list, networks.ExtractNetworksInto(page, &list)
		})
	return found, c.explain(err, "listing networks")
}

// trunks lists every trunk that can be seen; none where the cloud has no such thing.
func (c *Cloud) trunks(ctx context.Context) ([]trunks.Trunk, error) {
	q := query(url.Values{"fields": {"id", "port_id", "sub_ports"}}.Encode())
	found, err := collect(ctx, []query{q},
		func(q query) pagination.Pager { return trunks.List(c.network, q) }, trunks.ExtractTrunks)
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return nil, nil
	}
	return found, c.explain(err, "listing trunks")
}

// groups lists security groups with their rules.
func (c *Cloud) groups(ctx context.Context, ids []string) ([]groups.SecGroup, error) {
	found, err := collect(ctx, c.queries("security-groups", []string{"id", "name", "security_group_rules"}, "id", ids),
		func(q query) pagination.Pager {
			return pagination.NewPager(c.network, c.network.ServiceURL("security-groups")+"?"+string(q), func(r pagination.PageResult) pagination.Page {
				return groups.SecGroupPage{LinkedPageBase: pagination.LinkedPageBase{PageResult: r}}
			})
		}, groups.ExtractGroups)
	return found, c.explain(err, "listing security groups")
}

// port reads one port as it stands.
func (c *Cloud) port(ctx context.Context, id string) (*port, error) {
	var p port
	err := ports.Get(ctx, c.network, id).ExtractIntoStructPtr(&p, "port")
	if err != nil {
		return nil, err
	}
	if p.ID == "" {
		return nil, errors.New("the answer holds no port")
	}
	return &p, nil
}

// heedsRevisions reports whether Neutron refuses a write that comes too late.
func (c *Cloud) heedsRevisions(ctx context.Context) (bool, error) {
	answer, err := c.network.Get(ctx, c.network.ServiceURL("extensions", "revision-if-match"), nil, &gophercloud.RequestOpts{KeepResponseBody: true})
	if answer != nil {
		_ = answer.Body.Close()
	}
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return false, nil
	}
	return err == nil, c.explain(err, "asking whether Neutron heeds revisions")
}
