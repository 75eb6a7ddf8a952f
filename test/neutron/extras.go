package neutron

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/google/uuid"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/common/extensions"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/trunks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// fillTrunk makes the port of the first node a trunk that carries a VLAN, where Neutron has trunks.
func (n *Neutron) fillTrunk(ctx context.Context, client *gophercloud.ServiceClient) error {
	err := extensions.Get(ctx, client, "trunk").Err
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking Neutron whether it has trunks: %w", err)
	}
	t := Trunk{VLAN: 30, CIDR: netip.MustParsePrefix("10.40.0.0/24")}
	t.Network, t.Subnet, err = n.makeNetwork(ctx, client, networks.CreateOpts{Name: namePrefix + "vlan"}, t.CIDR)
	if err != nil {
		return err
	}
	port, err := ports.Create(ctx, client, ports.CreateOpts{NetworkID: t.Network, Name: n.Nodes[0].Name + "-vlan"}).Extract()
	if err != nil {
		return fmt.Errorf("making a port on network %s: %w", t.Network, err)
	}
	t.Port, t.MAC = port.ID, port.MACAddress
	trunk, err := trunks.Create(ctx, client, trunks.CreateOpts{
		Name: n.Nodes[0].Name, PortID: n.Nodes[0].Port,
		Subports: []trunks.Subport{{SegmentationID: t.VLAN, SegmentationType: "vlan", PortID: t.Port}},
	}).Extract()
	if err != nil {
		return fmt.Errorf("making a trunk of port %s: %w", n.Nodes[0].Port, err)
	}
	n.made.add("trunk "+trunk.ID, func(ctx context.Context) error { return trunks.Delete(ctx, client, trunk.ID).ExtractErr() })
	t.ID = trunk.ID
	// The driver of a running cloud does this as it binds the subport.
	subportOwner := "trunk:subport"
	if err := ports.Update(ctx, client, t.Port, ports.UpdateOpts{DeviceOwner: &subportOwner}).Err; err != nil {
		return fmt.Errorf("making port %s look like a bound subport: %w", t.Port, err)
	}
	n.Trunk = &t
	return nil
}

// fillOthers makes a network that admin shares with all projects, and a port of Owner's on it.
func (n *Neutron) fillOthers(ctx context.Context) error {
	admin, err := n.Client(ctx, n.Clouds.Admin)
	if err != nil {
		return err
	}
	owner, err := n.Client(ctx, n.Clouds.Owner)
	if err != nil {
		return err
	}
	shared := true
	s := Shared{CIDR: netip.MustParsePrefix("10.30.0.0/16")}
	s.Network, s.Subnet, err = n.makeNetwork(ctx, admin, networks.CreateOpts{Name: namePrefix + "provider", Shared: &shared}, s.CIDR)
	if err != nil {
		return err
	}
	port, err := ports.Create(ctx, owner, ports.CreateOpts{
		NetworkID: s.Network, Name: "shared-node", DeviceID: uuid.NewString(), DeviceOwner: deviceOwner,
	}).Extract()
	if err != nil {
		return fmt.Errorf("making a port on network %s: %w", s.Network, err)
	}
	s.Port = port.ID
	n.Shared = &s
	return nil
}
