package neutron

import (
	"net/http"
	"strings"
	"testing"
)

// TestPolicy asks for ports and writes them as each of the clouds.
func TestPolicy(t *testing.T) {
	s := start(t, Options{Ports: 1})
	own, shared, none := s.Seed().Nodes[0].PortID, s.Seed().SharedPortID, "11111111-2222-3333-4444-555555555555"
	const get, put = http.MethodGet, http.MethodPut
	const pair, twoParts = `{"allowed_address_pairs":[{"ip_address":"10.30.0.200"}]}`,
		`{"allowed_address_pairs":[{"ip_address":"10.30.0.200","mac_address":"02:00:00:00:00:01"}],"port_security_enabled":true}`
	for _, test := range []struct {
		name, cloud, method, port, body string
		status                          int
		kind, message                   string
	}{
		{"one's own port", "k8s", put, own, pair, 200, "", ""},
		{"a reader of the project: it may write until Neutron 2023.2", "k8s-reader", put, own, pair, 200, "", ""},
		{"an application credential", "k8s-appcred", put, own, pair, 200, "", ""},
		{"another project's port, read", "other", get, own, "", 404, "PortNotFound", "Port " + own + " could not be found."},
		{"another project's port, written", "other", put, own, pair, 404, "PortNotFound", "Port " + own + " could not be found."},
		{"no such port", "k8s", put, none, pair, 404, "PortNotFound", "Port " + none + " could not be found."},
		{"no UUID", "k8s", put, "nope", pair, 404, "PortNotFound", "Port nope could not be found."},
		{"one's own port on another project's network", "k8s", put, shared, pair, 403, "PolicyNotAuthorized",
			"(rule:update_port and (rule:update_port:allowed_address_pairs and (rule:update_port:allowed_address_pairs:ip_address))) is disallowed by policy"},
		{"and clearing it", "k8s", put, shared, `{"allowed_address_pairs":[]}`, 403, "PolicyNotAuthorized",
			"(rule:update_port and rule:update_port:allowed_address_pairs) is disallowed by policy"},
		{"and its security", "k8s", put, shared, twoParts, 403, "PolicyNotAuthorized",
			"((rule:update_port and (rule:update_port:allowed_address_pairs and (rule:update_port:allowed_address_pairs:ip_address and " +
				"rule:update_port:allowed_address_pairs:mac_address))) and rule:update_port:port_security_enabled) is disallowed by policy"},
		{"but its name is its owner's", "k8s", put, shared, `{"name":"x"}`, 200, "", ""},
		{"the same as admin", "admin", put, shared, pair, 200, "", ""},
		{"a bad body comes before the port", "k8s", put, none, `{"allowed_address_pairs":[{"ip_address":"x"}]}`, 400, "HTTPBadRequest", "'x' is not a valid IP address"},
		{"a MAC is the admin's", "k8s", put, own, `{"mac_address":"02:00:00:00:00:09"}`, 403, "PolicyNotAuthorized",
			"(rule:update_port and rule:update_port:mac_address) is disallowed by policy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := test.body
			if body != "" {
				body = `{"port":` + body + `}`
			}
			got := send(t, s, test.cloud, test.method, "/v2.0/ports/"+test.port, body)
			if e := got.neutron(); got.status != test.status || e.Type != test.kind || e.Message != test.message {
				t.Errorf("got %v, want %d %s: %s", got, test.status, test.kind, test.message)
			}
		})
	}
}

// TestReadersRead is the policy of Neutron 2023.2 and later.
func TestReadersRead(t *testing.T) {
	s := start(t, Options{Ports: 1, ReadersRead: true})
	path := "/v2.0/ports/" + s.Seed().Nodes[0].PortID
	if got := send(t, s, "k8s-reader", http.MethodGet, path, ""); got.status != http.StatusOK {
		t.Error(got)
	}
	if got := send(t, s, "k8s-reader", http.MethodPut, path, `{"port":{"name":"x"}}`); got.status != http.StatusForbidden || got.kind() != "PolicyNotAuthorized" {
		t.Error(got)
	}
	if got := send(t, s, "k8s", http.MethodPut, path, `{"port":{"name":"x"}}`); got.status != http.StatusOK {
		t.Error(got)
	}
}

// TestSeen lists what each cloud sees: other projects' ports are just not there, shared networks are.
func TestSeen(t *testing.T) {
	s := start(t, Options{Ports: 2})
	for _, test := range []struct {
		cloud, path string
		want        int
	}{
		{"k8s", "ports", 3}, {"other", "ports", 0}, {"admin", "ports", 3},
		{"k8s", "networks", 2}, {"other", "networks", 1}, {"other", "subnets", 1},
		{"k8s", "security-groups", 2}, {"other", "security-groups", 1},
	} {
		var body map[string][]any
		send(t, s, test.cloud, http.MethodGet, "/v2.0/"+test.path, "").into(t, &body)
		if got := len(body[strings.ReplaceAll(test.path, "-", "_")]); got != test.want {
			t.Errorf("%s sees %d %s, want %d", test.cloud, got, test.path, test.want)
		}
	}
	var admin, k8s struct{ Port map[string]any }
	send(t, s, "admin", http.MethodGet, "/v2.0/ports/"+s.Seed().Nodes[0].PortID, "").into(t, &admin)
	send(t, s, "k8s", http.MethodGet, "/v2.0/ports/"+s.Seed().Nodes[0].PortID, "").into(t, &k8s)
	if _, seen := k8s.Port["binding:host_id"]; seen || admin.Port["binding:host_id"] != "" {
		t.Errorf("binding:host_id is the admin's to see, got %v and %v", k8s.Port, admin.Port)
	}
}
