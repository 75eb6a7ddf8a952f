package neutron

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/google/uuid"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/groups"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
)

// deviceOwner is what Nova puts on the ports of its servers in the zone that is called nova.
const deviceOwner = "compute:nova"

// namePrefix begins the names of networks and groups, so that a person who finds them in a cloud knows whose they are.
const namePrefix = "kubectl-egress-test-"

// bulk is how many ports are made in a request: Neutron takes about 0.15 seconds for each.
const bulk = 100

// fillNetwork makes the cluster's network with a port for each node, as Owner.
func (n *Neutron) fillNetwork(ctx context.Context, o Options) error {
	client, err := n.Client(ctx, n.Clouds.Owner)
	if err != nil {
		return err
	}
	n.Endpoint = client.Endpoint
	// Before the network, so that it is deleted after the ports that it is used by.
	group, err := groups.Create(ctx, client, groups.CreateOpts{Name: namePrefix + "nodes"}).Extract()
	if err != nil {
		return fmt.Errorf("making security group %snodes: %w", namePrefix, err)
	}
	n.made.add("security group "+group.Name, func(ctx context.Context) error {
		return groups.Delete(ctx, client, group.ID).ExtractErr()
	})
	n.SecurityGroup = group.ID
	n.CIDR, n.Gateway = o.CIDR, host(o.CIDR, 0, 1)
	pool := subnets.AllocationPool{Start: host(o.CIDR, 1, 0).String(), End: host(o.CIDR, 99, 255).String()}
	n.Network, n.Subnet, err = n.makeNetwork(ctx, client, networks.CreateOpts{Name: namePrefix + "net"}, n.CIDR, pool)
	if err != nil {
		return err
	}
	for first := 0; first < o.Nodes; first += bulk {
		if err := n.makeNodes(ctx, client, first, min(first+bulk, o.Nodes)); err != nil {
			return err
		}
	}
	if !o.Trunk || o.Nodes == 0 {
		return nil
	}
	return n.fillTrunk(ctx, client)
}

// makeNetwork makes a network with one subnet and returns their IDs.
func (n *Neutron) makeNetwork(
	ctx context.Context, client *gophercloud.ServiceClient, o networks.CreateOptsBuilder, cidr netip.Prefix, pools ...subnets.AllocationPool,
) (network, subnet string, err error) {
	made, err := networks.Create(ctx, client, o).Extract()
	if err != nil {
		return "", "", fmt.Errorf("making the network of %s: %w", cidr, err)
	}
	n.made.add("network "+made.Name, func(ctx context.Context) error { return deleteNetwork(ctx, client, made.ID) })
	noDHCP := false
	sub, err := subnets.Create(ctx, client, subnets.CreateOpts{
		NetworkID: made.ID, Name: made.Name, CIDR: cidr.String(), IPVersion: gophercloud.IPv4,
		EnableDHCP: &noDHCP, AllocationPools: pools,
	}).Extract()
	if err != nil {
		return "", "", fmt.Errorf("making subnet %s: %w", cidr, err)
	}
	return made.ID, sub.ID, nil
}

// makeNodes makes the ports of nodes first to end in one request.
func (n *Neutron) makeNodes(ctx context.Context, client *gophercloud.ServiceClient, first, end int) error {
	wanted := make([]ports.CreateOpts, 0, end-first)
	for i := first; i < end; i++ {
		wanted = append(wanted, ports.CreateOpts{
			NetworkID: n.Network, Name: fmt.Sprintf("worker-%d", i+1), DeviceID: uuid.NewString(), DeviceOwner: deviceOwner,
			FixedIPs:       []ports.IP{{SubnetID: n.Subnet, IPAddress: n.nodeIP(i).String()}},
			SecurityGroups: &[]string{n.SecurityGroup},
		})
	}
	var made struct {
		Ports []ports.Port `json:"ports"`
	}
	response, err := client.Post(ctx, client.ServiceURL("ports"), map[string]any{"ports": wanted}, &made,
		&gophercloud.RequestOpts{OkCodes: []int{http.StatusCreated}})
	if err != nil {
		return fmt.Errorf("making the ports of nodes %d to %d: %w", first+1, end, err)
	}
	if err := response.Body.Close(); err != nil {
		return fmt.Errorf("making the ports of nodes %d to %d: %w", first+1, end, err)
	}
	byServer := make(map[string]ports.Port, len(made.Ports))
	for _, port := range made.Ports {
		byServer[port.DeviceID] = port
	}
	for i, opts := range wanted {
		port, ok := byServer[opts.DeviceID]
		if !ok {
			return fmt.Errorf("making the ports of nodes %d to %d: the answer lacks that of %s", first+1, end, opts.Name)
		}
		n.Nodes = append(n.Nodes, Node{
			Name: opts.Name, Server: opts.DeviceID, Port: port.ID, IP: n.nodeIP(first + i), MAC: port.MACAddress,
		})
	}
	return nil
}

// nodeIP is the address of node i: x.y.1.11 and on.
func (n *Neutron) nodeIP(i int) netip.Addr {
	const perByte = 250 // of the last byte's values
	i += 10
	return host(n.CIDR, byte(1+i/perByte), byte(1+i%perByte))
}

// host is an address of a /16, by its last two bytes.
func host(network netip.Prefix, third, fourth byte) netip.Addr {
	b := network.Addr().As4()
	return netip.AddrFrom4([4]byte{b[0], b[1], third, fourth})
}
