package neutron

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/trunks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
)

// TestSeed compares the seed with what a client reads.
func TestSeed(t *testing.T) {
	s := start(t, Options{Ports: 300})
	seed := s.Seed()
	if len(seed.Nodes) != 300 {
		t.Fatalf("%d nodes", len(seed.Nodes))
	}
	first, last := seed.Nodes[0], seed.Nodes[299]
	if got, want := []string{first.Name, first.IP, last.Name, last.IP}, []string{"worker-1", "10.0.1.1", "worker-300", "10.0.2.50"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	client := connect(t, s, "k8s")
	got, err := ports.Get(t.Context(), client, last.PortID).Extract()
	if err != nil {
		t.Fatal(err)
	}
	want := &ports.Port{
		ID: last.PortID, Name: last.Name, NetworkID: seed.NetworkID, AdminStateUp: true, Status: "DOWN", MACAddress: last.MAC,
		FixedIPs: []ports.IP{{SubnetID: seed.SubnetID, IPAddress: last.IP}}, TenantID: seed.Projects["k8s"], ProjectID: seed.Projects["k8s"],
		DeviceID: last.ServerID, DeviceOwner: "compute:nova", SecurityGroups: []string{seed.SecurityGroupID},
		AllowedAddressPairs: []ports.AddressPair{}, Tags: []string{}, RevisionNumber: 1, CreatedAt: got.CreatedAt, UpdatedAt: got.UpdatedAt,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	subnet, err := subnets.Get(t.Context(), client, seed.SubnetID).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if subnet.CIDR != "10.0.0.0/16" || subnet.GatewayIP != "10.0.0.1" || subnet.NetworkID != seed.NetworkID ||
		!reflect.DeepEqual(subnet.AllocationPools, []subnets.AllocationPool{{Start: "10.0.1.0", End: "10.0.99.255"}}) {
		t.Errorf("got %+v", subnet)
	}
}

// TestTopology builds a VLAN trunk and reads it as a client does.
func TestTopology(t *testing.T) {
	s := start(t, Options{Ports: 1})
	vlan := s.AddNetwork(Network{Name: "vlan"})
	subnet := s.AddSubnet(Subnet{NetworkID: vlan.ID, CIDR: "10.50.0.0/24"})
	child := s.AddPort(Port{NetworkID: vlan.ID, Pairs: []Pair{{IP: "10.50.0.9"}}})
	trunk := s.AddTrunk(Trunk{PortID: s.Seed().Nodes[0].PortID, Subports: []Subport{{PortID: child.ID, VLAN: 100}}})
	if want := []FixedIP{{subnet.ID, "10.50.0.2"}}; !reflect.DeepEqual(child.FixedIPs, want) || child.Pairs[0].MAC != child.MAC {
		t.Errorf("got %+v, want the address %v", child, want)
	}
	client := connect(t, s, "k8s")
	pages, err := trunks.List(client, trunks.ListOpts{PortID: s.Seed().Nodes[0].PortID}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found, err := trunks.ExtractTrunks(pages)
	if err != nil {
		t.Fatal(err)
	}
	want := []trunks.Subport{{PortID: child.ID, SegmentationID: 100, SegmentationType: "vlan"}}
	if len(found) != 1 || found[0].ID != trunk.ID || !reflect.DeepEqual(found[0].Subports, want) {
		t.Errorf("got %+v, want the trunk %s with %v", found, trunk.ID, want)
	}
	if port, _ := s.Port(child.ID); port.DeviceOwner != "trunk:subport" || port.DeviceID != "" {
		t.Errorf("the subport is %+v", port)
	}
	details := `"trunk_details":{"sub_ports":[{"mac_address":"` + child.MAC + `","port_id":"` + child.ID +
		`","segmentation_id":100,"segmentation_type":"vlan"}],"trunk_id":"` + trunk.ID + `"}`
	for id, want := range map[string]string{s.Seed().Nodes[0].PortID: `{"port":{` + details + `}}`, child.ID: `{"port":{}}`} {
		if got := send(t, s, "k8s", http.MethodGet, "/v2.0/ports/"+id+"?fields=trunk_details", ""); got.body != want {
			t.Errorf("got %s, want %s", got.body, want)
		}
	}
}

// TestRules replaces the rules of a group; the group and the list of rules show them.
func TestRules(t *testing.T) {
	s := start(t, Options{})
	id := s.AddSecurityGroup("open", Rule{Direction: "ingress"})
	s.SetRules(id, []Rule{{Direction: "egress", Protocol: "tcp", PortMin: 80, PortMax: 81, RemoteIP: "203.0.113.0/24"}})
	var group struct {
		Group struct {
			Rules []map[string]any `json:"security_group_rules"`
		} `json:"security_group"`
	}
	var rules struct {
		Rules []map[string]any `json:"security_group_rules"`
	}
	send(t, s, "k8s", http.MethodGet, "/v2.0/security-groups/"+id, "").into(t, &group)
	send(t, s, "k8s", http.MethodGet, "/v2.0/security-group-rules?security_group_id="+id, "").into(t, &rules)
	if len(rules.Rules) != 1 || !reflect.DeepEqual(rules.Rules, group.Group.Rules) {
		t.Fatalf("the list says %v, the group %v", rules.Rules, group.Group.Rules)
	}
	for name, want := range map[string]any{
		"direction": "egress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 80.0, "port_range_max": 81.0,
		"remote_ip_prefix": "203.0.113.0/24", "remote_group_id": nil, "security_group_id": id,
	} {
		if got := rules.Rules[0][name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// TestBackends looks for what a client can tell a backend by.
func TestBackends(t *testing.T) {
	for backend, want := range map[string][]any{"": {1500.0, 0, 404}, "ovn": {1442.0, 1, 404}, "openvswitch": {1450.0, 0, 200}} {
		s := start(t, Options{Backend: backend})
		var network struct{ Network map[string]any }
		var metadata portPage
		send(t, s, "k8s", http.MethodGet, "/v2.0/networks/"+s.Seed().NetworkID, "").into(t, &network)
		send(t, s, "k8s", http.MethodGet, "/v2.0/ports?device_owner=network%3Adistributed&network_id="+s.Seed().NetworkID, "").into(t, &metadata)
		dvr := send(t, s, "k8s", http.MethodGet, "/v2.0/extensions/dvr", "").status
		if got := []any{network.Network["mtu"], len(metadata.Ports), dvr}; !reflect.DeepEqual(got, want) {
			t.Errorf("%q: MTU, metadata ports and dvr are %v, want %v", backend, got, want)
		}
	}
}

// TestHands changes ports past the API.
func TestHands(t *testing.T) {
	s := start(t, Options{Ports: 2})
	id := s.Seed().Nodes[0].PortID
	s.SetPairs(id, []Pair{{IP: "10.0.200.2"}, {IP: "10.0.200.1", MAC: "02:00:00:00:00:01"}})
	s.ChangePort(id, func(p *Port) { p.SecurityGroups = nil; p.DeviceOwner = "compute:az1" })
	port, _ := s.Port(id)
	if want := []Pair{{"10.0.200.1", "02:00:00:00:00:01"}, {"10.0.200.2", port.MAC}}; port.Revision != 3 || port.DeviceOwner != "compute:az1" ||
		port.SecurityGroups != nil || !reflect.DeepEqual(port.Pairs, want) {
		t.Errorf("got %+v", port)
	}
	port.Pairs[0].IP = "mine"
	if again, _ := s.Port(id); again.Pairs[0].IP != "10.0.200.1" {
		t.Error("a port that was read can be used to change the one that stands")
	}
	s.DeletePort(id)
	if _, ok := s.Port(id); ok || len(s.Ports()) != 2 {
		t.Errorf("after the deletion stand %v", s.Ports())
	}
	defer func() {
		if got, ok := recover().(string); !ok || !strings.Contains(got, "already allocated") {
			t.Errorf("want a panic over the address, got %v", got)
		}
	}()
	s.AddPort(Port{FixedIPs: []FixedIP{{IP: s.Seed().Nodes[1].IP}}})
}

func TestRefusedOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"starting a fake Neutron with 20001 node ports: the subnet holds 0 to 20000":        {Ports: maxNodes + 1},
		`starting a fake Neutron with the backend "ovs": there are "ovn" and "openvswitch"`: {Backend: "ovs"},
	} {
		if _, err := Start(o); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestRival runs a rival on one port until it has written all its pairs, while another adds one of its own: guarded,
// through gophercloud.
func TestRival(t *testing.T) {
	s := start(t, Options{Ports: 2})
	a, b := s.Seed().Nodes[0].PortID, s.Seed().Nodes[1].PortID
	ctx, cancel := context.WithCancel(t.Context())
	added := s.Rival(ctx, []string{a, b}, true, time.Millisecond)
	client := connect(t, s, "k8s")
	if err := addPair(t.Context(), client, a, "10.0.200.1"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); len(added()) < 10; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the rival has written %v", added())
		}
	}
	cancel()
	pairs := added()
	portA, _ := s.Port(a)
	portB, _ := s.Port(b)
	stand := slices.Concat(portA.Pairs, portB.Pairs)
	for _, pair := range append(pairs, Pair{"10.0.200.1", portA.MAC}) {
		if !slices.Contains(stand, pair) {
			t.Errorf("%v is lost: %v", pair, stand)
		}
	}
	if len(portA.Pairs) != 6 || len(portB.Pairs) != 5 {
		t.Errorf("stand %v and %v", portA.Pairs, portB.Pairs)
	}
}

// TestUnguardedRival destroys what comes between its read and its write.
func TestUnguardedRival(t *testing.T) {
	s := start(t, Options{Ports: 1})
	id := s.Seed().Nodes[0].PortID
	s.Rival(t.Context(), []string{id}, false, 10*time.Millisecond)
	isMine := func(p Pair) bool { return p.MAC == "02:00:00:00:00:aa" }
	for deadline, i := time.Now().Add(20*time.Second), 0; ; i++ {
		mine := Pair{fmt.Sprintf("10.0.200.%d", i), "02:00:00:00:00:aa"} // new each time: an old one may be in what the rival has read
		port, _ := s.Port(id)
		s.SetPairs(id, append(slices.DeleteFunc(port.Pairs, isMine), mine))
		time.Sleep(time.Duration(11+i%10) * time.Millisecond) // never in step with the rival
		if port, _ := s.Port(id); !slices.Contains(port.Pairs, mine) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the rival has destroyed nothing")
		}
	}
}
