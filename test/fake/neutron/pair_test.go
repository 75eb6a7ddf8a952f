package neutron

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// TestPairs writes lists that Neutron takes, and compares what then stands.
func TestPairs(t *testing.T) {
	const other = "02:00:00:00:00:01"
	s := start(t, Options{Ports: 2})
	node, neighbour := s.Seed().Nodes[0], s.Seed().Nodes[1]
	for _, test := range []struct {
		name, pairs string
		want        []Pair
	}{
		{"a pair without a MAC gets the port's", `[{"ip_address":"10.0.200.1"}]`, []Pair{{"10.0.200.1", node.MAC}}},
		{"a PUT replaces the whole list", `[{"ip_address":"10.0.200.2","mac_address":"02:00:00:00:00:01"}]`, []Pair{{"10.0.200.2", other}}},
		{"an address and its /32 are two", `[{"ip_address":"10.0.200.9"},{"ip_address":"10.0.200.9/32"}]`,
			[]Pair{{"10.0.200.9", node.MAC}, {"10.0.200.9/32", node.MAC}}},
		{"two spellings of an IPv6 address are two, and stay", `[{"ip_address":"FD00:0::0001"},{"ip_address":"fd00::1"}]`,
			[]Pair{{"FD00:0::0001", node.MAC}, {"fd00::1", node.MAC}}},
		{"a CIDR with host bits stays", `[{"ip_address":"10.0.200.5/28"}]`, []Pair{{"10.0.200.5/28", node.MAC}}},
		{"the case of a MAC stays", `[{"ip_address":"10.0.200.9","mac_address":"FA-16-3E-00-00-AA"}]`, []Pair{{"10.0.200.9", "FA-16-3E-00-00-AA"}}},
		{"another case of the port's own MAC is no duplicate",
			`[{"ip_address":"10.0.200.9"},{"ip_address":"10.0.200.9","mac_address":"` + strings.ToUpper(node.MAC) + `"}]`,
			[]Pair{{"10.0.200.9", strings.ToUpper(node.MAC)}, {"10.0.200.9", node.MAC}}},
		{"one address under two MACs, answered in another order than sent",
			`[{"ip_address":"10.0.200.1"},{"ip_address":"10.0.200.1","mac_address":"02:00:00:00:00:01"}]`,
			[]Pair{{"10.0.200.1", other}, {"10.0.200.1", node.MAC}}},
		{"sorted as text", `[{"ip_address":"10.0.200.2"},{"ip_address":"10.0.200.10"}]`, []Pair{{"10.0.200.10", node.MAC}, {"10.0.200.2", node.MAC}}},
		{"another port's fixed IP", `[{"ip_address":"` + neighbour.IP + `"}]`, []Pair{{neighbour.IP, node.MAC}}},
		{"the port's own IP and MAC", `[{"ip_address":"` + node.IP + `","mac_address":"` + node.MAC + `"}]`, []Pair{{node.IP, node.MAC}}},
		{"outside every subnet", `[{"ip_address":"203.0.113.9"}]`, []Pair{{"203.0.113.9", node.MAC}}},
		{"everything", `[{"ip_address":"0.0.0.0/0"}]`, []Pair{{"0.0.0.0/0", node.MAC}}},
		{"null clears", `null`, []Pair{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := putPairs(t, s, node.PortID, test.pairs)
			if got.status != http.StatusOK {
				t.Fatal(got)
			}
			if said := got.port(t).Pairs; !reflect.DeepEqual(said, test.want) {
				t.Errorf("answered %v, want %v", said, test.want)
			}
			if port, _ := s.Port(node.PortID); !reflect.DeepEqual(append([]Pair{}, port.Pairs...), test.want) {
				t.Errorf("stands %v, want %v", port.Pairs, test.want)
			}
		})
	}
	t.Run("the same pair on several ports", func(t *testing.T) {
		const pair = `[{"ip_address":"10.0.200.1","mac_address":"02:00:00:00:00:01"}]`
		for _, port := range []string{node.PortID, neighbour.PortID} {
			if got := putPairs(t, s, port, pair); got.status != http.StatusOK {
				t.Error(got)
			}
		}
	})
}

// many is a list of n pairs.
func many(n int) string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprintf(`{"ip_address":"10.0.201.%d"}`, i+1))
	}
	return "[" + strings.Join(pairs, ",") + "]"
}

// TestRefusedPairs sends what Neutron refuses: the status, the type and the message are the real one's, and nothing changes.
func TestRefusedPairs(t *testing.T) {
	s := start(t, Options{Ports: 1})
	node := s.Seed().Nodes[0]
	for _, test := range []struct {
		name, pairs   string
		status        int
		kind, message string
	}{
		{"a duplicate", `[{"ip_address":"10.0.200.1"},{"ip_address":"10.0.200.1"}]`, 400, "DuplicateAddressPairInRequest",
			"Request contains duplicate address pair: mac_address None ip_address 10.0.200.1."},
		{"the port's own MAC, once given and once left out", `[{"ip_address":"10.0.200.1"},{"ip_address":"10.0.200.1","mac_address":"` + node.MAC + `"}]`,
			400, "DuplicateAddressPairInRequest", "Request contains duplicate address pair: mac_address " + node.MAC + " ip_address 10.0.200.1."},
		{"one more than the maximum", many(11), 400, "AllowedAddressPairExhausted", "The number of allowed address pair exceeds the maximum 10."},
		{"a bad address", `[{"ip_address":"10.0.200.300"}]`, 400, "HTTPBadRequest", "'10.0.200.300' is not a valid IP address"},
		{"leading zeros", `[{"ip_address":"010.1.1.1"}]`, 400, "HTTPBadRequest", "'010.1.1.1' is not an accepted IP address, '10.1.1.1' is recommended"},
		{"a bad prefix", `[{"ip_address":"10.0.200.1/33"}]`, 400, "HTTPBadRequest", "'10.0.200.1/33' is not a valid IP subnet"},
		{"a bad MAC", `[{"ip_address":"10.0.200.1","mac_address":"zz:16:3e:00:00:01"}]`, 400, "HTTPBadRequest", "'zz:16:3e:00:00:01' is not a valid MAC address"},
		{"an empty MAC", `[{"ip_address":"10.0.200.1","mac_address":""}]`, 400, "HTTPBadRequest", "'' is not a valid MAC address"},
		{"a null MAC", `[{"ip_address":"10.0.200.1","mac_address":null}]`, 400, "HTTPBadRequest", "'None' is not a valid MAC address"},
		{"a MAC of zeros", `[{"ip_address":"10.0.200.1","mac_address":"00:00:00:00:00:00"}]`, 400, "HTTPBadRequest", "'00:00:00:00:00:00' is not a valid MAC address"},
		{"no address", `[{"mac_address":"02:00:00:00:00:01"}]`, 400, "AllowedAddressPairsMissingIP", "AllowedAddressPair must contain ip_address"},
		{"an unknown key", `[{"ip_address":"10.0.200.1","foo":"bar"}]`, 400, "HTTPBadRequest", "Unrecognized attribute(s) 'foo'"},
		{"no pairs at all", `["10.0.200.1"]`, 400, "HTTPBadRequest", "Invalid input for allowed_address_pairs. Reason: '10.0.200.1' is not a dictionary."},
		{"no list", `{"ip_address":"10.0.200.1"}`, 400, "HTTPBadRequest", "Allowed address pairs must be a list."},
		{"a null address", `[{"ip_address":null}]`, 500, "HTTPInternalServerError", internalError},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := putPairs(t, s, node.PortID, test.pairs)
			e := got.neutron()
			if got.status != test.status || e.Type != test.kind || e.Message != test.message || e.Detail != "" {
				t.Errorf("got %d %+v, want %d %s: %s", got.status, e, test.status, test.kind, test.message)
			}
			if port, _ := s.Port(node.PortID); port.Revision != 1 || len(port.Pairs) != 0 {
				t.Errorf("a refused write has changed the port: %+v", port)
			}
		})
	}
	if got := putPairs(t, s, node.PortID, many(10)); got.status != http.StatusOK || len(got.port(t).Pairs) != 10 {
		t.Errorf("exactly the maximum: %v", got)
	}
}

func TestMaxPairs(t *testing.T) {
	s := start(t, Options{Ports: 1, MaxPairs: 3})
	if got := putPairs(t, s, s.Seed().Nodes[0].PortID, many(4)); got.neutron().Message != "The number of allowed address pair exceeds the maximum 3." {
		t.Error(got)
	}
}

// TestPortSecurity turns port security off while pairs or groups stand, and writes pairs without it.
func TestPortSecurity(t *testing.T) {
	s := start(t, Options{Ports: 1})
	id := s.Seed().Nodes[0].PortID
	put := func(body string) reply {
		return send(t, s, "k8s", http.MethodPut, "/v2.0/ports/"+id, `{"port":`+body+`}`)
	}
	for _, step := range []struct {
		body   string
		status int
		kind   string
	}{
		{`{"allowed_address_pairs":[{"ip_address":"10.0.200.1"}]}`, 200, ""},
		{`{"port_security_enabled":false}`, 409, "AddressPairAndPortSecurityRequired"},
		{`{"port_security_enabled":false,"allowed_address_pairs":[]}`, 409, "PortSecurityPortHasSecurityGroup"},
		{`{"port_security_enabled":false,"allowed_address_pairs":[],"security_groups":[]}`, 200, ""},
		{`{"allowed_address_pairs":[{"ip_address":"10.0.200.1"}]}`, 409, "AddressPairAndPortSecurityRequired"},
		{`{"allowed_address_pairs":[]}`, 200, ""},
		{`{"port_security_enabled":true,"security_groups":["` + s.Seed().SecurityGroupID + `"]}`, 200, ""},
		{`{"allowed_address_pairs":[{"ip_address":"10.0.200.1"}]}`, 200, ""},
	} {
		if got := put(step.body); got.status != step.status || got.kind() != step.kind {
			t.Errorf("%s: got %v, want %d %s", step.body, got, step.status, step.kind)
		}
	}
}
