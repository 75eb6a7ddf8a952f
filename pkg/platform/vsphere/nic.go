package vsphere

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// nic is a virtual NIC: the network behind it and the addresses that the guest has on it.
type nic struct {
	network ref
	ips     []netip.Addr
}

// readNICs reads the NICs of the virtual machines that are on several networks, in one call.
func (inv *inventory) readNICs(ctx context.Context, vms map[ref]*vm) error {
	if len(vms) == 0 {
		return nil
	}
	return inv.vcenter.do(ctx, func(ctx context.Context, s *login) error {
		objects, err := s.objects(ctx, slices.Collect(maps.Keys(vms)),
			types.PropertySpec{Type: "VirtualMachine", PathSet: []string{"config.hardware.device", "guest.net"}})
		if err != nil {
			return err
		}
		for _, o := range objects {
			o.MissingSet = nil // the machine is then without NICs, which is told
			var machine mo.VirtualMachine
			if err := mo.LoadObjectContent([]types.ObjectContent{o}, &machine); err != nil {
				return err
			}
			vms[o.Obj].nics = inv.nics(machine)
		}
		return nil
	})
}

func (inv *inventory) nics(m mo.VirtualMachine) []nic {
	if m.Config == nil {
		return nil
	}
	ips := map[int32][]netip.Addr{}
	if m.Guest != nil {
		for _, n := range m.Guest.Net {
			if n.DeviceConfigId == -1 { // the guest's own: a bridge, a tunnel, a pod's
				continue
			}
			for _, s := range n.IpAddress {
				if ip, err := netip.ParseAddr(s); err == nil {
					ips[n.DeviceConfigId] = append(ips[n.DeviceConfigId], ip)
				}
			}
		}
	}
	var out []nic
	for _, d := range m.Config.Hardware.Device {
		card, ok := d.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		device := card.GetVirtualEthernetCard()
		if network, ok := inv.backing(device.Backing); ok {
			out = append(out, nic{network, ips[device.Key]})
		}
	}
	return out
}

// backing finds the network behind a NIC.
func (inv *inventory) backing(b types.BaseVirtualDeviceBackingInfo) (ref, bool) {
	switch b := b.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		if b.Network != nil {
			return *b.Network, true
		}
	case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
		for r, g := range inv.groups {
			if g.config.Key == b.Port.PortgroupKey || r.Value == b.Port.PortgroupKey {
				return r, true
			}
		}
	case *types.VirtualEthernetCardOpaqueNetworkBackingInfo:
		for r, n := range inv.networks {
			if n.opaqueID == b.OpaqueNetworkId && n.opaqueID != "" {
				return r, true
			}
		}
	}
	return ref{}, false
}

// choose is the network that the attachment's frames leave by: the NIC that has an address in the
// reserved address's subnet, else the one that has an address of the node.
func choose(a platform.Attachment, v *vm) (ref, error) {
	switch len(v.networks) {
	case 0:
		return ref{}, errors.New("it is on no network")
	case 1:
		return v.networks[0], nil
	}
	inSubnet := func(ip netip.Addr) bool { return !a.IP.IsSingleIP() && a.IP.Contains(ip) }
	ofNode := func(ip netip.Addr) bool { return slices.Contains(a.Node.Addresses, ip) }
	for _, fits := range []func(netip.Addr) bool{
		func(ip netip.Addr) bool { return inSubnet(ip) && ofNode(ip) }, inSubnet, ofNode,
	} {
		var hits []ref
		for _, n := range v.nics {
			if slices.ContainsFunc(n.ips, fits) && !slices.Contains(hits, n.network) {
				hits = append(hits, n.network)
			}
		}
		if len(hits) == 1 {
			return hits[0], nil
		}
	}
	return ref{}, fmt.Errorf("it is on %d networks, and the addresses that its guest reports do not tell which of them %s is for", len(v.networks), a.IP)
}
