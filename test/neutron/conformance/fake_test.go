package conformance

import (
	"bytes"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// TestFake asks the Neutron that the tests play what a real one was asked.
func TestFake(t *testing.T) {
	server := startFake(t, fakeneutron.Options{Ports: 5})
	Run(t, fakeTarget(t, server))
}

// TestFakeUnderNewPolicy asks it with the access rules of later releases, and another limit of pairs.
func TestFakeUnderNewPolicy(t *testing.T) {
	server := startFake(t, fakeneutron.Options{Ports: 5, MaxPairs: 12, ReadersRead: true})
	target := fakeTarget(t, server)
	target.MaxPairs, target.ReadersWrite = 12, false
	Run(t, target)
}

func startFake(t *testing.T, o fakeneutron.Options) *fakeneutron.Server {
	t.Helper()
	server, err := fakeneutron.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func fakeTarget(t *testing.T, server *fakeneutron.Server) Target {
	t.Helper()
	seed := server.Seed()
	target := Target{
		Endpoint: server.NetworkURL(), Identity: server.IdentityURL(),
		Owner: fakeToken(t, server, "k8s"), Admin: fakeToken(t, server, "admin"), Other: fakeToken(t, server, "other"),
		Reader: fakeToken(t, server, "k8s-reader"), ReadersWrite: true, Client: fakeClient(t, server),
		Network: seed.NetworkID, Subnet: seed.SubnetID, Free: "10.0.210.1", SecurityGroup: seed.SecurityGroupID,
		SharedPort: seed.SharedPortID, SharedNetwork: seed.SharedNetworkID,
		MaxPairs: 10,
	}
	for _, node := range seed.Nodes {
		target.Ports = append(target.Ports, Port{ID: node.PortID, Name: node.Name, IP: node.IP, MAC: node.MAC, Device: node.ServerID})
	}
	vlan := server.AddNetwork(fakeneutron.Network{Name: "vlan"})
	server.AddSubnet(fakeneutron.Subnet{NetworkID: vlan.ID, CIDR: "10.40.0.0/24"})
	subport := server.AddPort(fakeneutron.Port{NetworkID: vlan.ID})
	trunk := server.AddTrunk(fakeneutron.Trunk{
		PortID: seed.Nodes[0].PortID, Subports: []fakeneutron.Subport{{PortID: subport.ID, VLAN: 30}},
	})
	target.Trunk = Trunk{ID: trunk.ID, VLAN: 30, Subport: Port{ID: subport.ID, MAC: subport.MAC}}
	return target
}

func fakeToken(t *testing.T, server *fakeneutron.Server, cloud string) string {
	t.Helper()
	token, err := server.Token(cloud)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// fakeClient logs in as a user would, by clouds.yaml.
func fakeClient(t *testing.T, server *fakeneutron.Server) *gophercloud.ServiceClient {
	t.Helper()
	auth, endpoint, _, err := clouds.Parse(clouds.WithCloudsYAML(bytes.NewReader(server.CloudsYAML())), clouds.WithCloudName("k8s"))
	if err != nil {
		t.Fatal(err)
	}
	provider, err := openstack.AuthenticatedClient(t.Context(), auth)
	if err != nil {
		t.Fatal(err)
	}
	client, err := openstack.NewNetworkV2(provider, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
