package conformance

import (
	"net/http"
	"strings"
)

// noPort is a UUID that no port has.
const noPort = "11111111-2222-3333-4444-555555555555"

// rightsRows are who may write what.
func (c *client) rightsRows() []row {
	absent := Port{ID: noPort}
	read := func(port Port) request {
		return request{method: http.MethodGet, path: "/ports/" + port.ID, token: c.Owner}
	}
	notFound := refused(http.StatusNotFound, "PortNotFound")
	unknown := answer{status: http.StatusUnauthorized, kind: "keystone"}
	rows := []row{
		{name: "read a port that is none", request: read(absent), want: notFound},
		{name: "write a port that is none", request: c.writePairs(absent), want: notFound},
		{name: "write a port by something that is no UUID", request: c.writePairs(Port{ID: "worker-2"}), want: notFound},
		{name: "delete a port that is none", request: request{method: http.MethodDelete, path: "/ports/" + noPort, token: c.Owner}, want: notFound},
		{name: "no token", request: read(c.a).as(""), want: unknown},
		{name: "a token that is none", request: read(c.a).as("nonsense"), want: unknown},
		{name: "write with a token that is none", request: c.writePairs(c.a).as("nonsense"), want: unknown},
	}
	if c.Other != "" {
		rows = append(rows,
			row{name: "read another project's port", request: read(c.a).as(c.Other), want: notFound},
			row{name: "write another project's port", request: c.writePairs(c.a).as(c.Other), want: notFound})
	}
	if c.Reader != "" {
		written := refused(http.StatusForbidden, "PolicyNotAuthorized")
		if c.ReadersWrite {
			written = answer{status: http.StatusOK}
		}
		rows = append(rows,
			row{name: "read as a reader", request: read(c.a).as(c.Reader), want: answer{status: http.StatusOK}},
			row{name: "write as a reader", request: c.writePairs(c.a).as(c.Reader), want: written})
	}
	if c.SharedPort != "" {
		shared := Port{ID: c.SharedPort, Name: "shared"}
		forbidden := refused(http.StatusForbidden, "PolicyNotAuthorized")
		rows = append(rows,
			row{name: "read one's own port on another project's network", request: read(shared), want: answer{status: http.StatusOK}},
			row{name: "write the pairs of one's own port on another project's network", request: c.writePairs(shared, pair{IP: "10.30.0.200"}), want: forbidden},
			row{name: "clear the pairs of one's own port on another project's network", request: c.writePairs(shared), want: forbidden},
			row{name: "turn off port security on another project's network", request: c.update(shared, fields{"port_security_enabled": false}), want: forbidden},
			row{name: "choose the address of a port on another project's network", want: forbidden, request: c.create(fields{
				"network_id": c.SharedNetwork, "fixed_ips": []fields{{"ip_address": "10.30.0.201"}},
			})},
			row{name: "rename one's own port on another project's network", request: c.update(shared, fields{"name": "shared-node"}), want: answer{status: http.StatusOK}})
	}
	if c.Admin != "" && c.SharedPort != "" {
		rows = append(rows, row{
			name: "an administrator clears the pairs of a port on a shared network", request: c.writePairs(Port{ID: c.SharedPort}).as(c.Admin),
			want: stored(),
		})
	}
	return rows
}

// securityRows go from a port with port security to one without and back; each row starts from the last.
func (c *client) securityRows() []row {
	b := c.b
	bound := refused(http.StatusConflict, "AddressPairAndPortSecurityRequired")
	put := func(name string, want answer, changed fields) row {
		return row{name: name, request: c.update(b, changed), want: want}
	}
	none := []string{}
	return []row{
		put("a pair", stored(pair{"10.20.200.1", b.MAC}), fields{"allowed_address_pairs": []pair{{IP: "10.20.200.1"}}}),
		put("turn it off while there are pairs", bound, fields{"port_security_enabled": false, "security_groups": none}),
		put("turn it off and clear the pairs, while there are security groups",
			refused(http.StatusConflict, "PortSecurityPortHasSecurityGroup"), fields{"port_security_enabled": false, "allowed_address_pairs": none}),
		put("turn it off and clear both", stored(), fields{"port_security_enabled": false, "allowed_address_pairs": none, "security_groups": none}),
		put("a pair without it", bound, fields{"allowed_address_pairs": []pair{{IP: "10.20.200.1"}}}),
		put("no pair without it", stored(), fields{"allowed_address_pairs": none}),
		put("turn it on and set a pair", stored(pair{"10.20.200.1", b.MAC}), fields{
			"port_security_enabled": true, "security_groups": []string{c.SecurityGroup}, "allowed_address_pairs": []pair{{IP: "10.20.200.1"}},
		}),
		put("clear the pairs", stored(), fields{"allowed_address_pairs": none}),
	}
}

// creationRows are ports that are not made; one that is made is in reservation.
func (c *client) creationRows() []row {
	at := func(ip string) fields {
		return fields{"network_id": c.Network, "fixed_ips": []fields{{"subnet_id": c.Subnet, "ip_address": ip}}}
	}
	return []row{
		{name: "with an address that is taken", request: c.create(at(c.a.IP)), want: refused(http.StatusConflict, "IpAddressAlreadyAllocated")},
		{name: "with an address outside the subnet", request: c.create(at("203.0.113.9")), want: refused(http.StatusBadRequest, "InvalidIpForSubnet")},
		{name: "on a network that is none", request: c.create(fields{"network_id": noPort}), want: refused(http.StatusNotFound, "NetworkNotFound")},
	}
}

// extensionRows are how a client learns what this Neutron can do.
func (c *client) extensionRows() []row {
	probe := func(name, alias string, want answer) row {
		return row{name: name, request: request{method: http.MethodGet, path: "/extensions/" + alias, token: c.Owner}, want: want}
	}
	ok := answer{status: http.StatusOK}
	return []row{
		probe("the guard by revision", "revision-if-match", ok),
		probe("address pairs", "allowed-address-pairs", ok),
		probe("port security", "port-security", ok),
		probe("one that is none", "no-such-thing", answer{status: http.StatusNotFound}), // not a NeutronError
		{
			name: "many ports in one update", want: refused(http.StatusBadRequest, "HTTPBadRequest"),
			request: request{method: http.MethodPut, path: "/ports", token: c.Owner, body: fields{"ports": []fields{{"id": c.a.ID, "name": c.a.Name}}}},
		},
	}
}

// identityRows are Keystone's answers to those who may not come in.
func (c *client) identityRows() []row {
	if c.Identity == "" {
		return nil
	}
	user := fields{"name": "nobody", "password": "nothing", "domain": fields{"id": "default"}}
	login := fields{"auth": fields{"identity": fields{"methods": []string{"password"}, "password": fields{"user": user}}}}
	base := strings.TrimSuffix(c.Identity, "/")
	return []row{
		{name: "its version", request: request{method: http.MethodGet, base: base, path: "/"}, want: answer{status: http.StatusOK}},
		{name: "log in as nobody", request: request{method: http.MethodPost, base: base, path: "/auth/tokens", body: login}, want: answer{status: http.StatusUnauthorized, kind: "keystone"}},
		{
			name: "log in as an application credential that is none", want: answer{status: http.StatusNotFound, kind: "keystone"},
			request: request{method: http.MethodPost, base: base, path: "/auth/tokens", body: fields{"auth": fields{"identity": fields{
				"methods": []string{"application_credential"}, "application_credential": fields{"id": "none", "secret": "nothing"},
			}}}},
		},
	}
}
