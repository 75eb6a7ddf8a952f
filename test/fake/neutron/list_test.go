package neutron

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// portPage is a list of ports as a body shows it.
type portPage struct {
	Ports []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	Links []struct{ Rel, Href string } `json:"ports_links"`
}

func (p portPage) names() []string {
	out := []string{}
	for _, port := range p.Ports {
		out = append(out, port.Name)
	}
	slices.Sort(out)
	return out
}

// TestFilters asks for lists: values of one filter are ORed, filters ANDed.
func TestFilters(t *testing.T) {
	s := start(t, Options{Ports: 3})
	seed := s.Seed()
	a, b := seed.Nodes[0], seed.Nodes[1]
	for _, test := range []struct {
		query string
		want  []string
	}{
		{"device_id=" + a.ServerID, []string{"worker-1"}},
		{"device_id=" + a.ServerID + "&device_id=" + b.ServerID, []string{"worker-1", "worker-2"}},
		{"device_id=" + a.ServerID + "&device_id=" + b.ServerID + "&name=worker-2", []string{"worker-2"}},
		{"device_id=", []string{}},
		{"fixed_ips=ip_address%3D" + a.IP, []string{"worker-1"}},
		{"fixed_ips=ip_address%3D" + a.IP + "&fixed_ips=ip_address%3D" + b.IP, []string{"worker-1", "worker-2"}},
		{"fixed_ips=ip_address%3D" + a.IP + "&fixed_ips=subnet_id%3D" + seed.SharedSubnetID, []string{}},
		{"fixed_ips=subnet_id%3D" + seed.SharedSubnetID, []string{"shared-worker"}},
		{"fixed_ips=ip_address%3D10.0.300.1", []string{}},
		{"network_id=" + seed.NetworkID, []string{"worker-1", "worker-2", "worker-3"}},
		{"device_owner=compute%3Anova&network_id=" + seed.SharedNetworkID, []string{"shared-worker"}},
		{"device_owner=compute%3A", []string{}},
		{"mac_address=" + strings.ToUpper(b.MAC), []string{"worker-2"}},
		{"id=" + a.PortID + "&id=x", []string{"worker-1"}},
		{"tenant_id=" + seed.Projects["other"], []string{}},
		{"security_groups=" + seed.SecurityGroupID, []string{"shared-worker", "worker-1", "worker-2", "worker-3"}},
		{"admin_state_up=True&name=worker-3", []string{"worker-3"}},
		{"tags=x", []string{}},
	} {
		var page portPage
		send(t, s, "k8s", http.MethodGet, "/v2.0/ports?"+test.query, "").into(t, &page)
		if got := page.names(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.query, got, test.want)
		}
	}
}

func TestRefusedLists(t *testing.T) {
	s := start(t, Options{})
	for _, test := range []struct{ query, kind, message string }{
		{"allowed_address_pairs=x", "HTTPBadRequest", "['allowed_address_pairs'] is invalid attribute for filtering"},
		{"port_security_enabled=true", "HTTPBadRequest", "['port_security_enabled'] is invalid attribute for filtering"},
		{"nonsense", "HTTPBadRequest", "['nonsense'] is invalid attribute for filtering"},
		{"fixed_ips=nonsense", "InvalidInput", "Invalid input for operation: 'nonsense' is not of the form <key>=[value]."},
		{"limit=-1", "BadRequest", "Bad limit request: Limit must be an integer 0 or greater and not '-1'."},
		{"sort_key=name", "HTTPBadRequest", "The number of sort_keys and sort_dirs must be same"},
	} {
		got := send(t, s, "k8s", http.MethodGet, "/v2.0/ports?"+test.query, "")
		if e := got.neutron(); got.status != http.StatusBadRequest || e.Type != test.kind || e.Message != test.message {
			t.Errorf("%s: got %v, want %s: %s", test.query, got, test.kind, test.message)
		}
	}
	if got := send(t, s, "k8s", http.MethodGet, "/v2.0/ports?limit=1&marker=nope", ""); got.status != http.StatusNotFound || got.kind() != "PortNotFound" {
		t.Error(got)
	}
}

// TestFields asks for parts of a port; what is unknown is just not there.
func TestFields(t *testing.T) {
	s := start(t, Options{Ports: 1})
	node := s.Seed().Nodes[0]
	for query, want := range map[string]string{
		"/" + node.PortID + "?fields=id&fields=mac_address&fields=revision_number": `{"port":{"id":"` + node.PortID + `","mac_address":"` + node.MAC + `","revision_number":1}}`,
		"?device_id=" + node.ServerID + "&fields=id":                               `{"ports":[{"id":"` + node.PortID + `"}]}`,
		"?device_id=" + node.ServerID + "&fields=id,name":                          `{"ports":[{}]}`,
	} {
		if got := send(t, s, "k8s", http.MethodGet, "/v2.0/ports"+query, ""); got.body != want {
			t.Errorf("%s: got %s, want %s", query, got.body, want)
		}
	}
}

// TestPages follows the links through seven ports, three at a time, and back.
func TestPages(t *testing.T) {
	s := start(t, Options{Ports: 7})
	var ids []string
	var page portPage
	next := s.NetworkURL() + "/v2.0/ports?fields=id&limit=3&network_id=" + s.Seed().NetworkID
	var lengths []int
	for next != "" {
		page = portPage{}
		token, err := s.Token("k8s")
		if err != nil {
			t.Fatal(err)
		}
		sendTo(t, next, http.MethodGet, "", "X-Auth-Token", token).into(t, &page)
		lengths = append(lengths, len(page.Ports))
		for _, port := range page.Ports {
			ids = append(ids, port.ID)
		}
		next = ""
		for _, l := range page.Links {
			if l.Rel == "next" {
				next = l.Href
			}
		}
	}
	if !reflect.DeepEqual(lengths, []int{3, 3, 1}) || !slices.IsSorted(ids) || len(slices.Compact(ids)) != 7 {
		t.Errorf("pages of %v ports, IDs %v", lengths, ids)
	}
	var back portPage
	send(t, s, "k8s", http.MethodGet, "/v2.0/ports?fields=id&limit=2&page_reverse=True&network_id="+s.Seed().NetworkID+"&marker="+ids[4], "").into(t, &back)
	if got := []string{back.Ports[0].ID, back.Ports[1].ID}; !reflect.DeepEqual(got, ids[2:4]) {
		t.Errorf("the page before %s is %v, want %v", ids[4], got, ids[2:4])
	}
}

// TestPageLimit has the server cut pages that nobody asked for; gophercloud follows them.
func TestPageLimit(t *testing.T) {
	s := start(t, Options{Ports: 25, PageLimit: 10})
	client := connect(t, s, "k8s")
	s.ResetRequests()
	pages, err := ports.List(client, ports.ListOpts{NetworkID: s.Seed().NetworkID}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := ports.ExtractPorts(pages)
	if err != nil {
		t.Fatal(err)
	}
	if counts := s.Counts(); len(all) != 25 || !reflect.DeepEqual(counts, map[string]int{"GET /v2.0/ports": 3}) {
		t.Errorf("%d ports in %v", len(all), counts)
	}
}

// TestRequestTarget is as long as Neutron's web server reads, and one byte longer.
func TestRequestTarget(t *testing.T) {
	s := start(t, Options{Ports: 200})
	target := func(length int) string {
		const head = "/v2.0/ports?fields=id&name="
		return head + strings.Repeat("a", length-len(head))
	}
	if got := send(t, s, "k8s", http.MethodGet, target(8176), ""); got.status != http.StatusOK {
		t.Error(got.status, got.body)
	}
	if got := send(t, s, "k8s", http.MethodGet, target(8177), ""); got.status != http.StatusRequestURITooLong || got.body != "" {
		t.Errorf("want 414 with an empty body, got %d %q", got.status, got.body)
	}
	batch := func(n int) int {
		query := url.Values{"fields": {"id", "device_id", "mac_address", "allowed_address_pairs", "revision_number", "fixed_ips", "port_security_enabled", "network_id"}}
		for _, node := range s.Seed().Nodes[:n] {
			query.Add("device_id", node.ServerID)
		}
		return send(t, s, "k8s", http.MethodGet, "/v2.0/ports?"+query.Encode(), "").status
	}
	if got := []int{batch(170), batch(175)}; !reflect.DeepEqual(got, []int{200, 414}) {
		t.Errorf("170 and 175 servers in one list: %v", got)
	}
}
