package openstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/rules"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/trunks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
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
	// Tags are of a reservation's interest.
	Tags []string `json:"tags"`
}

// unsecured reports whether every frame of the port passes anyway.
func (p *port) unsecured() bool { return p.Secured != nil && !*p.Secured }

// list gathers the resources, read as T, for which the filter name has any of values. gophercloud's own options hold one
// value for each filter; Neutron takes many, and finds what has any of them.
func list[T any](ctx context.Context, c *Cloud, resource, name string, values []string) ([]T, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(listsInFlight)
	queries := c.queries(resource, fields[T](), name, values)
	found := make([][]T, len(queries))
	for i, query := range queries {
		group.Go(func() (err error) {
			found[i], err = pages[T](ctx, c.network, resource, query)
			return err
		})
	}
	err := group.Wait()
	return slices.Concat(found...), c.explain(err, "listing "+strings.ReplaceAll(resource, "-", " "))
}

// pages is what every page of a list holds.
func pages[T any](ctx context.Context, network *gophercloud.ServiceClient, resource, query string) ([]T, error) {
	label := strings.ReplaceAll(resource, "-", "_")
	var all []T
	for address := network.ServiceURL(resource) + "?" + query; address != ""; {
		var body map[string]json.RawMessage
		if _, err := network.Get(ctx, address, &body, nil); err != nil { //nolint:bodyclose // What fills body closes it.
			return nil, err
		}
		var page []T
		if err := json.Unmarshal(body[label], &page); err != nil {
			return nil, fmt.Errorf("reading %s: %w", label, err)
		}
		all = append(all, page...)
		var links []gophercloud.Link
		if raw := body[label+"_links"]; raw != nil {
			if err := json.Unmarshal(raw, &links); err != nil {
				return nil, fmt.Errorf("reading %s_links: %w", label, err)
			}
		}
		// It never fails.
		address, _ = gophercloud.ExtractNextURL(links)
	}
	return all, nil
}

// fields are what T, a struct or a pointer to one, has in JSON: what is asked for is what is read.
func fields[T any]() []string {
	of := reflect.TypeFor[T]()
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return collect.Map(reflect.VisibleFields(of), func(field reflect.StructField) string { return field.Tag.Get("json") })
}

// queries are as few as ask for every value of the filter name, each with the fields wanted, none with a target
// too long for resource.
func (c *Cloud) queries(resource string, fields []string, name string, values []string) []string {
	fixed := url.Values{"fields": fields}.Encode()
	room := longestTarget - len(c.target(resource)) - len("?") - len(fixed)
	var out []string
	for next := ""; len(values) > 0; next = "" {
		for len(values) > 0 {
			item := "&" + url.Values{name: values[:1]}.Encode()
			if next != "" && len(next)+len(item) > room {
				break
			}
			next, values = next+item, values[1:]
		}
		out = append(out, fixed+next)
	}
	return out
}

// target is the path of a resource as it is in the request line.
func (c *Cloud) target(resource string) string {
	address := c.network.ServiceURL(resource)
	if u, err := url.Parse(address); err == nil {
		return u.EscapedPath()
	}
	return address
}

// ports lists the ports for which the filter name has any of values.
func (c *Cloud) ports(ctx context.Context, name string, values []string) ([]*port, error) {
	return list[*port](ctx, c, "ports", name, values)
}

// portsWithAddress lists the ports that have any of addresses as their own.
func (c *Cloud) portsWithAddress(ctx context.Context, addresses []string) ([]*port, error) {
	return c.ports(ctx, "fixed_ips", collect.Map(addresses, func(address string) string { return "ip_address=" + address }))
}

// subnet is what this package reads of a subnet.
type subnet struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	NetworkID string       `json:"network_id"`
	CIDR      netip.Prefix `json:"cidr"`
	Pools     []pool       `json:"allocation_pools"`
}

func (s subnet) String() string { return named{s.ID, s.Name}.String() + " " + s.CIDR.String() }

// pool is a range that Neutron gives addresses out of, both ends included.
type pool struct{ Start, End netip.Addr }

// givesAway reports whether Neutron may give address to a port.
func (s subnet) givesAway(address netip.Addr) bool {
	return slices.ContainsFunc(s.Pools, func(p pool) bool {
		return p.Start.Compare(address) <= 0 && address.Compare(p.End) <= 0
	})
}

// network is what this package reads of a network.
type network struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	ProjectID string `json:"project_id"`
	MTU       int    `json:"mtu"`
}

func (n network) String() string { return named{n.ID, n.Name}.String() }

// trunk is what this package reads of a trunk: its parent port, and the ports that it carries.
type trunk struct {
	PortID   string           `json:"port_id"`
	Subports []trunks.Subport `json:"sub_ports"`
}

// trunks lists every trunk that can be seen; none where the cloud has no such thing.
func (c *Cloud) trunks(ctx context.Context) ([]trunk, error) {
	found, err := pages[trunk](ctx, c.network, "trunks", url.Values{"fields": fields[trunk]()}.Encode())
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return nil, nil
	}
	return found, c.explain(err, "listing trunks")
}

// securityGroup is a security group with its rules.
type securityGroup struct {
	ID    string               `json:"id"`
	Name  string               `json:"name"`
	Rules []rules.SecGroupRule `json:"security_group_rules"`
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

// checksRevisions reports whether Neutron refuses a write that comes too late.
func (c *Cloud) checksRevisions(ctx context.Context) (bool, error) {
	err := extensions.Get(ctx, c.network, "revision-if-match").Err
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return false, nil
	}
	return err == nil, c.explain(err, "asking whether Neutron checks revisions")
}
