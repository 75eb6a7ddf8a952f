package neutron

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// TestCreate makes ports, as a reservation of an address does, and takes them away again.
func TestCreate(t *testing.T) {
	s := start(t, Options{Ports: 1})
	seed := s.Seed()
	on := `"network_id":"` + seed.NetworkID + `"`
	shared := `"network_id":"` + seed.SharedNetworkID + `"`
	for _, test := range []struct {
		name, cloud, body string
		status            int
		kind, message     string
	}{
		{"an address outside the pools", "k8s", on + `,"fixed_ips":[{"ip_address":"10.0.200.1"}],"device_owner":"kubectl-egress"`, 201, "", ""},
		{"held by that one", "k8s", on + `,"fixed_ips":[{"ip_address":"10.0.200.1"}]`, 409, "IpAddressAlreadyAllocated",
			"IP address 10.0.200.1 already allocated in subnet " + seed.SubnetID},
		{"held by a node", "k8s", on + `,"fixed_ips":[{"ip_address":"10.0.1.1","subnet_id":"` + seed.SubnetID + `"}]`, 409, "IpAddressAlreadyAllocated",
			"IP address 10.0.1.1 already allocated in subnet " + seed.SubnetID},
		{"outside every subnet", "k8s", on + `,"fixed_ips":[{"ip_address":"10.99.1.1"}]`, 400, "InvalidIpForNetwork",
			"IP address 10.99.1.1 is not a valid IP for any of the subnets on the specified network."},
		{"outside the subnet named", "k8s", on + `,"fixed_ips":[{"ip_address":"10.99.1.1","subnet_id":"` + seed.SubnetID + `"}]`, 400, "InvalidIpForSubnet",
			"IP address 10.99.1.1 is not a valid IP for the specified subnet."},
		{"the subnet's own address", "k8s", on + `,"fixed_ips":[{"ip_address":"10.0.0.0","subnet_id":"` + seed.SubnetID + `"}]`, 400, "InvalidIpForSubnet",
			"IP address 10.0.0.0 is not a valid IP for the specified subnet."},
		{"no network", "k8s", ``, 400, "HTTPBadRequest", "Failed to parse request. Required attribute 'network_id' not specified"},
		{"a network of others", "other", on, 404, "NetworkNotFound", "Network " + seed.NetworkID + " could not be found."},
		{"an unknown field", "k8s", on + `,"foo":1`, 400, "HTTPBadRequest", "Unrecognized attribute(s) 'foo'"},
		{"no such group", "k8s", on + `,"security_groups":["x"]`, 404, "SecurityGroupNotFound", "Security group x does not exist"},
		{"too many pairs", "k8s", on + `,"allowed_address_pairs":` + many(11), 400, "AllowedAddressPairExhausted", "The number of allowed address pair exceeds the maximum 10."},
		{"an address on a shared network", "k8s", shared + `,"fixed_ips":[{"ip_address":"10.30.0.77"}]`, 403, "PolicyNotAuthorized",
			"(rule:create_port and (rule:create_port:fixed_ips and (rule:create_port:fixed_ips:ip_address))) is disallowed by policy"},
		{"a shared network alone", "k8s", shared, 201, "", ""},
	} {
		got := send(t, s, test.cloud, http.MethodPost, "/v2.0/ports", `{"port":{`+test.body+`}}`)
		if e := got.neutron(); got.status != test.status || e.Type != test.kind || e.Message != test.message {
			t.Errorf("%s: got %v, want %d %s: %s", test.name, got, test.status, test.kind, test.message)
		}
	}
}

func TestDelete(t *testing.T) {
	s := start(t, Options{})
	body := `{"port":{"network_id":"` + s.Seed().NetworkID + `","fixed_ips":[{"ip_address":"10.0.200.1"}]}}`
	made := send(t, s, "k8s", http.MethodPost, "/v2.0/ports", body).port(t)
	path := "/v2.0/ports/" + made.ID
	var got []int
	for _, step := range [][]string{
		{"other", http.MethodDelete, path, ""}, {"k8s", http.MethodDelete, path, ""}, {"k8s", http.MethodDelete, path, ""},
		{"k8s", http.MethodPost, "/v2.0/ports", body},
	} {
		got = append(got, send(t, s, step[0], step[1], step[2], step[3]).status)
	}
	if want := []int{404, 204, 404, 201}; !reflect.DeepEqual(got, want) {
		t.Errorf("another's, ours, ours again, and the address taken again: got %v, want %v", got, want)
	}
}

// TestBulk makes several ports at once, all or none; it changes none so.
func TestBulk(t *testing.T) {
	s := start(t, Options{})
	port := `{"network_id":"` + s.Seed().NetworkID + `"}`
	before := len(s.Ports())
	if got := send(t, s, "k8s", http.MethodPost, "/v2.0/ports", `{"ports":[`+port+`,{}]}`); got.status != http.StatusBadRequest || len(s.Ports()) != before {
		t.Errorf("%v, and %d ports stand", got, len(s.Ports()))
	}
	if got := send(t, s, "k8s", http.MethodPost, "/v2.0/ports", `{"ports":[`+port+`,`+port+`]}`); got.status != http.StatusCreated || len(s.Ports()) != before+2 {
		t.Errorf("%v, and %d ports stand", got, len(s.Ports()))
	}
	got := send(t, s, "k8s", http.MethodPut, "/v2.0/ports", `{"ports":[]}`)
	if got.status != http.StatusBadRequest || got.neutron().Message != "Bulk operation not supported" {
		t.Error(got)
	}
}

// TestBodies are those that are no port.
func TestBodies(t *testing.T) {
	s := start(t, Options{Ports: 1})
	path := "/v2.0/ports/" + s.Seed().Nodes[0].PortID
	for body, want := range map[string]string{
		`{"port": `:                            "Body contains invalid data",
		`[1]`:                                  "Body contains invalid data",
		``:                                     "Unable to find 'port' in request body",
		`{"port":null}`:                        "Unable to find 'port' in request body",
		`{"port":[]}`:                          "Object 'port' contains invalid data",
		`{"port":{"id":"x"}}`:                  "Cannot update read-only attribute id",
		`{"port":{"revision_number":7}}`:       "Cannot update read-only attribute revision_number",
		`{"port":{"network_id":"x"}}`:          "Cannot update read-only attribute network_id",
		`{"port":{"foo":1}}`:                   "Unrecognized attribute(s) 'foo'",
		`{"port":{"name":5}}`:                  "Invalid input for name. Reason: '5' is not a valid string.",
		`{"port":{"port_security_enabled":1}}`: "Invalid input for operation: '1' cannot be converted to boolean.",
	} {
		if got := send(t, s, "k8s", http.MethodPut, path, body); got.status != http.StatusBadRequest || got.neutron().Message != want {
			t.Errorf("%s: got %v, want 400 %s", body, got, want)
		}
	}
	if got := send(t, s, "k8s", http.MethodPatch, path, `{"port":{}}`); got.status != http.StatusMethodNotAllowed {
		t.Error(got)
	}
}

// TestTags writes tags one by one and all at once.
func TestTags(t *testing.T) {
	s := start(t, Options{Ports: 1})
	port := "/v2.0/ports/" + s.Seed().Nodes[0].PortID
	var got []string
	for _, step := range [][]string{
		{http.MethodPut, "/tags/a", ""}, {http.MethodGet, "/tags", ""}, {http.MethodPut, "/tags", `{"tags":["x","y"]}`},
		{http.MethodDelete, "/tags/x", ""}, {http.MethodGet, "?fields=tags&fields=revision_number", ""}, {http.MethodDelete, "/tags", ""}, {http.MethodGet, "/tags", ""},
	} {
		got = append(got, send(t, s, "k8s", step[0], port+step[1], step[2]).body)
	}
	want := []string{`null`, `{"tags":["a"]}`, `{"tags":["x","y"]}`, ``, `{"port":{"revision_number":4,"tags":["y"]}}`, ``, `{"tags":[]}`}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %s, want %s", strings.Join(got, " "), strings.Join(want, " "))
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if got := send(t, s, "k8s", method, port+"/tags/q", ""); got.kind() != "TagNotFound" {
			t.Error(got)
		}
	}
}
