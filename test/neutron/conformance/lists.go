package conformance

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// lists are queries for ports, and which ports they find.
func (c *client) lists() {
	p := c.Ports
	for _, test := range []struct {
		name  string
		query url.Values
		token string
		want  []string // names of ports
	}{
		{"one device", url.Values{"device_id": {p[1].Device}}, c.Owner, names(p[1])},
		{"several devices", url.Values{"device_id": {p[1].Device, p[3].Device, noPort}}, c.Owner, names(p[1], p[3])},
		{"one address", url.Values{"fixed_ips": {"ip_address=" + p[2].IP}}, c.Owner, names(p[2])},
		{"several addresses", url.Values{"fixed_ips": {"ip_address=" + p[2].IP, "ip_address=" + p[1].IP}}, c.Owner, names(p[1], p[2])},
		{"an address and its subnet, both", url.Values{"fixed_ips": {"ip_address=" + p[2].IP, "subnet_id=" + c.Subnet}}, c.Owner, names(p[2])},
		{"a device with another's address", url.Values{"device_id": {p[1].Device}, "fixed_ips": {"ip_address=" + p[2].IP}}, c.Owner, nil},
		{"several IDs", url.Values{"id": {p[1].ID, p[2].ID}}, c.Owner, names(p[1], p[2])},
		{"a MAC", url.Values{"mac_address": {p[3].MAC}}, c.Owner, names(p[3])},
		{"a name", url.Values{"name": {p[3].Name}}, c.Owner, names(p[3])},
		{"an owner of devices", url.Values{"device_owner": {"compute:nova"}, "device_id": {p[0].Device}}, c.Owner, names(p[0])},
		{"another owner of devices", url.Values{"device_owner": {"kubectl-egress"}}, c.Owner, nil},
		{"another project's ports are left out", url.Values{"device_id": {p[1].Device}}, c.Other, nil},
	} {
		if test.token == "" {
			continue // the target has nobody of that kind
		}
		test.query["network_id"] = []string{c.Network} // a cloud that runs already may have such ports elsewhere
		test.query["fields"] = []string{"id", "name"}
		got := c.send(request{method: http.MethodGet, path: "/ports?" + test.query.Encode(), token: test.token})
		found := values(got.ports, "name")
		if got.status != http.StatusOK || !slices.Equal(found, test.want) {
			c.t.Errorf("%s: %d %v, want %v: %s", test.name, got.status, found, test.want, got.body)
		}
		for _, port := range got.ports {
			if keys := slices.Sorted(maps.Keys(port)); !slices.Equal(keys, []string{"id", "name"}) {
				c.t.Errorf("%s: fields=id&fields=name returned the fields %v", test.name, keys)
			}
		}
	}
	bad := c.send(request{method: http.MethodGet, path: "/ports?comment=ours", token: c.Owner})
	if want := refused(http.StatusBadRequest, "HTTPBadRequest"); bad.status != want.status || bad.kind != want.kind {
		c.t.Errorf("a filter that is none: %+v, want %+v: %s", bad.answer, want, bad.body)
	}
}

func names(ports ...Port) []string {
	var list []string
	for _, port := range ports {
		list = append(list, port.Name)
	}
	slices.Sort(list)
	return list
}

// values are one field of each port, sorted.
func values(ports []map[string]any, field string) []string {
	var list []string
	for _, port := range ports {
		list = append(list, fmt.Sprint(port[field]))
	}
	slices.Sort(list)
	return list
}

// pages reads a list two ports at a time, by the link that each page has to the next.
func (c *client) pages() {
	query := url.Values{"network_id": {c.Network}, "device_id": {}, "fields": {"name"}, "limit": {"2"}}
	wanted := c.Ports[:3]
	for _, port := range wanted {
		query.Add("device_id", port.Device)
	}
	var found []string
	requests := 0
	for path := "/ports?" + query.Encode(); path != ""; requests++ {
		page := c.send(request{method: http.MethodGet, path: path, token: c.Owner})
		if page.status != http.StatusOK || len(page.ports) > 2 || requests > len(wanted) {
			c.t.Fatalf("page %d: %d with %d ports, want 200 with 2 at most: %s", requests+1, page.status, len(page.ports), page.body)
		}
		found = append(found, values(page.ports, "name")...)
		path = page.next
	}
	slices.Sort(found)
	if !slices.Equal(found, names(wanted...)) || requests != 2 {
		c.t.Errorf("%d pages with %v, want 2 with %v", requests, found, names(wanted...))
	}
}

// longest is a request whose line is as long as may be, and one that is a byte longer.
func (c *client) longest() {
	const most = 8176 // bytes of path and query
	prefix := "/v2.0"
	query := "/ports?fields=id&name="
	ask := func(length int) reply {
		return c.send(request{
			method: http.MethodGet, token: c.Owner,
			path: query + strings.Repeat("a", length-len(prefix)-len(query)),
		})
	}
	if got := ask(most); got.status != http.StatusOK {
		c.t.Errorf("a request of %d bytes: %d, want 200: %s", most, got.status, got.body)
	}
	if got := ask(most + 1); got.status != http.StatusRequestURITooLong || got.body != "" {
		c.t.Errorf("a request of %d bytes: %d %q, want 414 and no body", most+1, got.status, got.body)
	}
	// What that means for node ports: 170 devices with eight fields in one request.
	devices := url.Values{"fields": {"id", "name", "device_id", "mac_address", "allowed_address_pairs", "revision_number", "fixed_ips", "port_security_enabled"}}
	for range 169 {
		devices.Add("device_id", noPort)
	}
	devices.Add("device_id", c.a.Device)
	got := c.send(request{method: http.MethodGet, path: "/ports?" + devices.Encode(), token: c.Owner})
	if got.status != http.StatusOK || len(got.ports) != 1 {
		c.t.Errorf("170 devices in a request: %d with %d ports, want 200 with 1: %s", got.status, len(got.ports), got.body)
	}
}
