package vcenter

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// SetUplinks gives a host's switch n physical adapters: vmnic0 and so on for vSwitch0, others for another. All
// of them are active where the switch's teaming named its adapters.
func (s *Server) SetUplinks(host, vSwitch string, n int) error {
	return s.change(host, func(net *types.HostNetworkInfo) types.BaseMethodFault {
		i := indexSwitch(net, vSwitch)
		if i < 0 {
			return &types.NotFound{}
		}
		return setUplinks(net, i, n)
	})
}

func setUplinks(net *types.HostNetworkInfo, i, n int) types.BaseMethodFault {
	nics, _ := adapters(net, 100*i, n)
	spec := net.Vswitch[i].Spec
	bridge := &types.HostVirtualSwitchBondBridge{}
	if old, ok := spec.Bridge.(*types.HostVirtualSwitchBondBridge); ok {
		bridge = old
	}
	bridge.NicDevice = nics
	spec.Bridge = bridge
	if n == 0 {
		spec.Bridge = nil
	}
	if spec.Policy != nil && spec.Policy.NicTeaming != nil {
		spec.Policy.NicTeaming.NicOrder = &types.HostNicOrderPolicy{ActiveNic: nics}
	}
	return setSwitch(net, i, spec)
}

// AddVirtualSwitch gives a host one more standard switch, with the default policy and n physical adapters.
func (s *Server) AddVirtualSwitch(host, vSwitch string, n int) error {
	return s.change(host, func(net *types.HostNetworkInfo) types.BaseMethodFault {
		if indexSwitch(net, vSwitch) >= 0 {
			return &types.AlreadyExists{Name: vSwitch}
		}
		net.Vswitch = append(net.Vswitch, types.HostVirtualSwitch{
			Name: vSwitch, Key: "key-vim.host.VirtualSwitch-" + vSwitch, NumPorts: 1536, NumPortsAvailable: 1530, Mtu: 1500,
			Spec: types.HostVirtualSwitchSpec{NumPorts: 128},
		})
		return setUplinks(net, len(net.Vswitch)-1, n)
	})
}

// SetDVUplinks gives the distributed switch n physical adapters on a host. It starts with one on each.
func (s *Server) SetDVUplinks(host string, n int) error {
	return s.change(host, func(net *types.HostNetworkInfo) types.BaseMethodFault {
		if len(net.ProxySwitch) == 0 {
			return &types.NotFound{}
		}
		_, net.ProxySwitch[0].Pnic = adapters(net, dvAdapters, n)
		return nil
	})
}

// dvAdapters is the number of the first physical adapter of a distributed switch.
const dvAdapters = 1000

// addProxies gives a host its share of the distributed switch.
func (s *Server) addProxies(net *types.HostNetworkInfo) {
	for _, e := range s.model.Map().All(distributedSwitchType) {
		dvs := e.(*distributedSwitch)
		proxy := types.HostProxySwitch{
			DvsUuid: dvs.Uuid, DvsName: dvs.Name, Key: "DvsPortset-" + dvs.Name, NumPorts: 1536, NumPortsAvailable: 1530, Mtu: 1500,
		}
		_, proxy.Pnic = adapters(net, dvAdapters, 1)
		net.ProxySwitch = append(net.ProxySwitch, proxy)
	}
}

// adapters are the names and keys of n physical adapters from a number on. The host gets those that it lacks.
func adapters(net *types.HostNetworkInfo, from, n int) (names, keys []string) {
	for i := range n {
		name := fmt.Sprintf("vmnic%d", from+i)
		key := "key-vim.host.PhysicalNic-" + name
		if !slices.ContainsFunc(net.Pnic, func(p types.PhysicalNic) bool { return p.Device == name }) {
			added := net.Pnic[0]
			added.Device, added.Key = name, key
			net.Pnic = append(net.Pnic, added)
		}
		names, keys = append(names, name), append(keys, key)
	}
	return names, keys
}
