package neutron

import (
	"fmt"
	"slices"
)

// Seed names what a Server was started with.
type Seed struct {
	// Projects are IDs by name: admin, service, k8s, other.
	Projects map[string]string
	Nodes    []SeedNode
	// NetworkID is of "nodes", which the project k8s owns, and SubnetID of its 10.0.0.0/16. Addresses are handed
	// out of 10.0.1.0 to 10.0.99.255; the nodes have the first ones.
	NetworkID string
	SubnetID  string
	// SecurityGroupID is of the nodes' group, which lets everything out, and in what comes from the group itself.
	SecurityGroupID string
	// SharedNetworkID is of a network of the project service that every project may use, and SharedSubnetID of its
	// 10.30.0.0/16.
	SharedNetworkID string
	SharedSubnetID  string
	// SharedPortID is of a port of the project k8s on it, of the server SharedServerID.
	SharedPortID   string
	SharedServerID string
}

// SeedNode is a server that a node runs on.
type SeedNode struct {
	Name     string // worker-1, worker-2, ...
	ServerID string // what follows openstack:/// in a provider ID
	PortID   string
	IP       string
	MAC      string
}

// maxNodes fit into the pool.
const (
	maxNodes     = 20000
	nodesPerByte = 250
)

// Seed is what the server was started with.
func (s *Server) Seed() Seed {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.seed
	out.Nodes = slices.Clone(s.seed.Nodes)
	return out
}

// seedNetwork makes the networks, groups and ports of a Seed.
func (s *Server) seedNetwork() {
	for name, id := range s.seed.Projects {
		s.addGroup("default", id, allOut())
		if name == "k8s" {
			s.seed.SecurityGroupID = s.addGroup("nodes", id, nil)
		}
	}
	s.SetRules(s.seed.SecurityGroupID, append(allOut(), Rule{Direction: "ingress", RemoteGroupID: s.seed.SecurityGroupID}))
	s.seed.NetworkID = s.AddNetwork(Network{Name: "nodes"}).ID
	s.seed.SubnetID = s.AddSubnet(Subnet{
		Name: "nodes", NetworkID: s.seed.NetworkID, CIDR: "10.0.0.0/16", Pools: []Pool{{"10.0.1.0", "10.0.99.255"}},
	}).ID
	for i := range s.options.Ports {
		node := SeedNode{
			Name: fmt.Sprintf("worker-%d", i+1), ServerID: newUUID(),
			IP: fmt.Sprintf("10.0.%d.%d", 1+i/nodesPerByte, 1+i%nodesPerByte),
		}
		port := s.AddPort(Port{Name: node.Name, DeviceID: node.ServerID, FixedIPs: []FixedIP{{IP: node.IP}}})
		node.PortID, node.MAC = port.ID, port.MAC
		s.seed.Nodes = append(s.seed.Nodes, node)
	}
	s.seed.SharedNetworkID = s.AddNetwork(Network{Name: "shared", ProjectID: s.seed.Projects["service"], Shared: true}).ID
	s.seed.SharedSubnetID = s.AddSubnet(Subnet{Name: "shared", NetworkID: s.seed.SharedNetworkID, CIDR: "10.30.0.0/16"}).ID
	s.seed.SharedServerID = newUUID()
	s.seed.SharedPortID = s.AddPort(Port{Name: "shared-worker", NetworkID: s.seed.SharedNetworkID, DeviceID: s.seed.SharedServerID}).ID
	if s.options.Backend == "ovn" {
		for _, network := range []string{s.seed.NetworkID, s.seed.SharedNetworkID} {
			s.AddPort(Port{
				NetworkID: network, ProjectID: s.store.networks.items[network].ProjectID,
				DeviceOwner: "network:distributed", DeviceID: "ovnmeta-" + network, NoSecurity: true,
			})
		}
	}
}

func allOut() []Rule {
	return []Rule{{Direction: "egress"}, {Direction: "egress", EtherType: "IPv6"}}
}
