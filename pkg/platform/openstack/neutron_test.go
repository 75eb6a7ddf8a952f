//go:build openstack

package openstack

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/neutron"
)

// TestSuiteOnNeutron runs the suite against a real Keystone and Neutron, or against the cloud that OS_CLOUD names.
func TestSuiteOnNeutron(t *testing.T) {
	suite(t, startReal(t, 10), 10)
}

// TestTwoHundredPortsOnNeutron counts the requests for many ports.
func TestTwoHundredPortsOnNeutron(t *testing.T) {
	u := startReal(t, 200)
	began := time.Now()
	testRequests(t, u)
	t.Logf("200 ports took %s", time.Since(began).Round(time.Millisecond))
}

// real is a Keystone and a Neutron.
type real struct {
	*neutron.Neutron
	// hand is a client of its own, as an administrator where there is one.
	hand *gophercloud.ServiceClient
}

func startReal(t *testing.T, nodes int) *real {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	n, err := neutron.Start(ctx, neutron.Options{Nodes: nodes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	who := n.Clouds.Admin
	if who == "" {
		who = n.Clouds.Owner
	}
	hand, err := n.Client(ctx, who)
	if err != nil {
		t.Fatal(err)
	}
	return &real{n, hand}
}

func (r *real) login(t *testing.T, user string) (*Cloud, *lines) {
	t.Helper()
	said := &lines{}
	name := map[string]string{"admin": r.Clouds.Admin, "k8s": r.Clouds.Owner, "other": r.Clouds.Other}[user]
	if r.CloudsFile != "" {
		t.Setenv("OS_CLIENT_CONFIG_FILE", r.CloudsFile)
	}
	cloud, err := Connect(t.Context(), Credentials{Cloud: name, Log: said.add})
	if err != nil {
		t.Fatal(err)
	}
	return cloud, said
}

func (r *real) nodes() []fakeneutron.SeedNode {
	var out []fakeneutron.SeedNode
	for _, n := range r.Nodes {
		out = append(out, fakeneutron.SeedNode{Name: n.Name, ServerID: n.Server, PortID: n.Port, IP: n.IP.String(), MAC: n.MAC})
	}
	return out
}

func (r *real) address(i int) netip.Addr {
	b := r.CIDR.Addr().As4()
	return netip.AddrFrom4([4]byte{b[0], b[1], byte(200 + i/250), byte(1 + i%250)})
}

func (r *real) others() bool { return r.Clouds.Other != "" && r.Shared != nil }

func (r *real) elsewhere(t *testing.T) (string, string, netip.Addr) {
	t.Helper()
	p, err := ports.Get(t.Context(), r.hand, r.Shared.Port).Extract()
	if err != nil {
		t.Fatal(err)
	}
	b := r.Shared.CIDR.Addr().As4()
	return p.DeviceID, r.Shared.Port, netip.AddrFrom4([4]byte{b[0], b[1], 200, 1})
}

func (r *real) pairs(t *testing.T, portID string) []fakeneutron.Pair {
	t.Helper()
	p, err := ports.Get(context.WithoutCancel(t.Context()), r.hand, portID).Extract()
	if err != nil {
		t.Fatal(err)
	}
	var out []fakeneutron.Pair
	for _, pair := range p.AllowedAddressPairs {
		out = append(out, fakeneutron.Pair{IP: pair.IPAddress, MAC: pair.MACAddress})
	}
	slices.SortFunc(out, func(a, b fakeneutron.Pair) int { return strings.Compare(a.IP+a.MAC, b.IP+b.MAC) })
	return out
}

func (r *real) setPairs(t *testing.T, portID string, pairs []fakeneutron.Pair) {
	t.Helper()
	list := []ports.AddressPair{}
	for _, pair := range pairs {
		list = append(list, ports.AddressPair{IPAddress: pair.IP, MACAddress: pair.MAC})
	}
	if err := ports.Update(context.WithoutCancel(t.Context()), r.hand, portID, ports.UpdateOpts{AllowedAddressPairs: &list}).Err; err != nil {
		t.Fatal(err)
	}
}
