//go:build openstack

package neutron

import (
	"testing"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/kubectl-egress/kubectl-egress/test/neutron/conformance"
)

// start starts a Neutron that ends with the test.
func start(t *testing.T, o Options) *Neutron {
	t.Helper()
	o.Log = t.Output()
	n, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// target is what the conformance suite asks of n.
func target(t *testing.T, n *Neutron) conformance.Target {
	t.Helper()
	result := conformance.Target{
		Endpoint: n.Endpoint, Identity: n.Keystone, Free: "10.20.210.1", Network: n.Network, Subnet: n.Subnet, SecurityGroup: n.SecurityGroup, MaxPairs: n.MaxPairs,
		Owner: token(t, n, n.Clouds.Owner), Admin: token(t, n, n.Clouds.Admin), Other: token(t, n, n.Clouds.Other),
		Reader: token(t, n, n.Clouds.Reader), ReadersWrite: true, Client: clientOf(t, n, n.Clouds.Owner),
	}
	if n.Shared != nil {
		result.SharedPort, result.SharedNetwork = n.Shared.Port, n.Shared.Network
	}
	if n.Trunk != nil {
		result.Trunk = conformance.Trunk{
			ID: n.Trunk.ID, VLAN: n.Trunk.VLAN, Subport: conformance.Port{ID: n.Trunk.Port, MAC: n.Trunk.MAC},
		}
	}
	for _, node := range n.Nodes {
		result.Ports = append(result.Ports, conformance.Port{
			ID: node.Port, Name: node.Name, IP: node.IP.String(), MAC: node.MAC, Device: node.Server,
		})
	}
	return result
}

// token is one of cloud's; empty for a cloud that n has not.
func token(t *testing.T, n *Neutron, cloud string) string {
	t.Helper()
	if cloud == "" {
		return ""
	}
	result, err := n.Token(t.Context(), cloud)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func clientOf(t *testing.T, n *Neutron, cloud string) *gophercloud.ServiceClient {
	t.Helper()
	client, err := n.Client(t.Context(), cloud)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
