package openstack

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

func TestServer(t *testing.T) {
	tests := []struct{ id, region, want, fault string }{
		{"openstack:///0a0b", "RegionOne", "0a0b", ""},
		{"openstack://RegionOne/0a0b", "RegionOne", "0a0b", ""},
		{"openstack://RegionOne/0a0b", "", "0a0b", ""},
		{"", "RegionOne", "", ""},
		{"openstack://RegionTwo/0a0b", "RegionOne", "", "is of region RegionTwo, and the credentials are for region RegionOne"},
		{"openstack://0a0b", "RegionOne", "", "names no server"},
		{"openstack:///", "RegionOne", "", "names no server"},
		{"openstack:///a/b", "RegionOne", "", "names no server"},
		{"vsphere://4219", "RegionOne", "", "is not OpenStack's"},
	}
	for _, test := range tests {
		got, err := server(platform.Node{ProviderID: test.id}, test.region)
		if got != test.want || (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("%s in %s: %q, %v", test.id, test.region, got, err)
		}
	}
}

func TestNodeWithoutProviderID(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 3})
	byAddress := l.at(0, 0)
	byAddress.Node.ProviderID, byAddress.Node.Addresses = "", []netip.Addr{netip.MustParseAddr(l.seed.Nodes[0].IP)}
	plan := mustPlan(t, l.adapter(t, Options{}), byAddress, l.at(1, 1))
	if len(plan.Changes) != 2 || plan.Changes[0].ID != l.seed.Nodes[0].PortID || plan.Changes[1].ID != l.seed.Nodes[1].PortID {
		t.Errorf("planned %+v", plan.Changes)
	}

	twin := l.AddNetwork(fakeneutron.Network{Name: "twin"})
	l.AddSubnet(fakeneutron.Subnet{NetworkID: twin.ID, CIDR: "10.0.0.0/16"})
	l.AddPort(fakeneutron.Port{DeviceID: "another", NetworkID: twin.ID, FixedIPs: []fakeneutron.FixedIP{{IP: l.seed.Nodes[0].IP}}})
	nobody, nothing := l.at(2, 2), l.at(3, 2)
	nobody.Node = platform.Node{Name: "worker-8", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.9")}}
	nothing.Node = platform.Node{Name: "worker-9"}
	plan = mustPlan(t, l.adapter(t, Options{}), byAddress, nobody, nothing)
	wantCodes(t, plan, finding.NoPort, finding.NoPort, finding.NoPort)
	for i, want := range []string{"several servers have an address of it", "no server's port in project k8s", "neither a provider ID nor an address"} {
		if !strings.Contains(plan.Findings[i].Message, want) {
			t.Errorf("found %q, want %q", plan.Findings[i].Message, want)
		}
	}
}

func TestTheRightPortOfSeveral(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	node := l.seed.Nodes[0]
	storage := l.AddNetwork(fakeneutron.Network{Name: "storage"})
	l.AddSubnet(fakeneutron.Subnet{NetworkID: storage.ID, CIDR: "10.40.0.0/24"})
	// A second subnet of the same network has no address of the port, and reaches it all the same.
	l.AddSubnet(fakeneutron.Subnet{NetworkID: storage.ID, CIDR: "10.41.0.0/24"})
	second := l.AddPort(fakeneutron.Port{DeviceID: node.ServerID, NetworkID: storage.ID, FixedIPs: []fakeneutron.FixedIP{{IP: "10.40.0.9"}}})
	l.AddPort(fakeneutron.Port{DeviceID: node.ServerID, DeviceOwner: "network:dhcp"})
	for address, want := range map[string]string{"10.0.200.1/32": node.PortID, "10.40.0.7/24": second.ID, "10.40.0.7/32": second.ID, "10.41.0.7/24": second.ID} {
		plan := mustPlan(t, l.adapter(t, Options{}), moved(l.at(0, 0), address))
		if len(plan.Changes) != 1 || plan.Changes[0].ID != want {
			t.Errorf("%s: planned %+v, want port %s", address, plan.Changes, want)
		}
	}
	plan := mustPlan(t, l.adapter(t, Options{}), moved(l.at(0, 0), "192.0.2.1/24"))
	wantCodes(t, plan, finding.NoPort)
	if !strings.Contains(plan.Findings[0].Message, "none of its 2 ports is in a subnet that holds 192.0.2.1") {
		t.Errorf("found %q", plan.Findings[0].Message)
	}
}

func TestTrunkSubport(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	vlan := l.AddNetwork(fakeneutron.Network{Name: "vlan 7"})
	l.AddSubnet(fakeneutron.Subnet{NetworkID: vlan.ID, CIDR: "10.70.0.0/24", Pools: []fakeneutron.Pool{{Start: "10.70.0.100", End: "10.70.0.200"}}})
	sub := l.AddPort(fakeneutron.Port{NetworkID: vlan.ID, DeviceOwner: "trunk:subport"})
	l.AddTrunk(fakeneutron.Trunk{PortID: l.seed.Nodes[0].PortID, Subports: []fakeneutron.Subport{{PortID: sub.ID, VLAN: 7}}})
	for _, address := range []string{"10.70.0.9/24", "10.70.0.9/32", "10.70.0.9/8"} {
		l.ResetRequests()
		plan := mustPlan(t, l.adapter(t, Options{}), moved(l.at(0, 0), address))
		wantCodes(t, plan, finding.PairMissing)
		if len(plan.Changes) != 1 || plan.Changes[0].ID != sub.ID {
			t.Errorf("%s: planned %+v, want the subport %s", address, plan.Changes, sub.ID)
		}
		trunks := slices.DeleteFunc(l.Requests(), func(r fakeneutron.Request) bool { return r.Path != "/v2.0/trunks" })
		if len(trunks) != 1 {
			t.Errorf("%s: %d requests for trunks", address, len(trunks))
		}
	}
	plan := mustPlan(t, l.adapter(t, Options{}), l.at(0, 0))
	if len(plan.Changes) != 1 || plan.Changes[0].ID != l.seed.Nodes[0].PortID {
		t.Errorf("an address of the parent's: planned %+v", plan.Changes)
	}
	l.ResetRequests()
	plan = mustPlan(t, l.adapter(t, Options{}), moved(l.at(0, 1), "10.70.0.9/24"))
	wantCodes(t, plan, finding.NotInSubnet)
	fixed(t, l.adapter(t, Options{}), moved(l.at(0, 0), "10.70.0.9/24"))
	want := fakeneutron.Pair{IP: "10.70.0.9", MAC: l.at(0, 0).MAC}
	if got := l.pairs(t, sub.ID); !samePairs(got, []fakeneutron.Pair{want}) {
		t.Errorf("the subport has %v", got)
	}
}

func TestPages(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 25, PageLimit: 10})
	a := l.adapter(t, Options{})
	fixed(t, a, l.perNode()...)
	for i, n := range l.seed.Nodes {
		if got := l.pairs(t, n.PortID); !samePairs(got, []fakeneutron.Pair{pairOf(l.at(i, i))}) {
			t.Errorf("port %d has %v", i, got)
		}
	}
	plan := mustPlan(t, l.adapter(t, Options{}), l.perNode()...)
	wantCodes(t, plan)
}

func TestRequestTargetsStayShort(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 400, PageLimit: 50})
	fixed(t, l.adapter(t, Options{}), l.perNode()...)
	longest, pages := 0, 0
	for _, r := range l.Requests() {
		longest = max(longest, len(r.Path)+len(r.Query)+1)
		if strings.Contains(r.Query, "marker=") {
			pages++
		}
		if r.Status != 200 {
			t.Errorf("%s %s: %d", r.Method, r.Path, r.Status)
		}
	}
	if longest < 7000 || longest > 8176 || pages == 0 {
		t.Errorf("the longest target has %d bytes, %d further pages", longest, pages)
	}
}
