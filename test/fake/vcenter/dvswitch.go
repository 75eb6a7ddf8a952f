package vcenter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// distributedSwitchType is what a vCenter calls its own distributed switches.
const distributedSwitchType = "VmwareDistributedVirtualSwitch"

// distributedSwitch is one whose ports are those that VMs are on.
type distributedSwitch struct {
	*simulator.DistributedVirtualSwitch
	server *Server
}

// extendSwitches puts the extended distributed switch and port groups in place, with the default policies.
func (s *Server) extendSwitches() {
	all := s.model.Map()
	for _, e := range all.All("DistributedVirtualSwitch") {
		s.extendSwitch(e.(*simulator.DistributedVirtualSwitch))
	}
	for _, e := range all.All("DistributedVirtualPortgroup") {
		group := e.(*simulator.DistributedVirtualPortgroup)
		group.Config.ConfigVersion = "1"
		group.Config.DistributedVirtualSwitch.Type = distributedSwitchType
		group.Config.Uplink = types.NewBool(strings.Contains(group.Name, "DVUplinks"))
		if setting, ok := group.Config.DefaultPortConfig.(*types.VMwareDVSPortSetting); ok {
			setting.MacManagementPolicy = rejecting(true)
			setting.SecurityPolicy = securityOf(setting.MacManagementPolicy)
		}
		if policy, ok := group.Config.Policy.(*types.VMwareDVSPortgroupPolicy); ok {
			policy.MacManagementOverrideAllowed = types.NewBool(false)
		}
		all.Put(&distributedPortGroup{DistributedVirtualPortgroup: group, server: s})
	}
	for _, e := range all.All("OpaqueNetwork") {
		network := e.(*mo.OpaqueNetwork)
		for _, h := range all.All("HostSystem") {
			host := h.(*simulator.HostSystem)
			network.Host = append(network.Host, host.Self)
			if !slices.Contains(host.Network, network.Self) {
				host.Network = append(host.Network, network.Self)
			}
		}
	}
}

// extendSwitch puts the extended distributed switch in the place of the simulator's own, which has the type of
// switches that are not VMware's.
func (s *Server) extendSwitch(dvs *simulator.DistributedVirtualSwitch) {
	ctx := s.context()
	old := dvs.Self
	ctx.Map.Remove(ctx, old)
	dvs.Self.Type = distributedSwitchType
	ctx.Map.Put(&distributedSwitch{DistributedVirtualSwitch: dvs, server: s})
	s.name(dvs.Self, dvs.Name)
	if folder, ok := ctx.Map.Get(*dvs.Parent).(*simulator.Folder); ok {
		folder.ChildEntity[slices.Index(folder.ChildEntity, old)] = dvs.Self
	}
	mac := rejecting(false)
	config := dvs.Config.GetDVSConfigInfo()
	config.DefaultPortConfig = &types.VMwareDVSPortSetting{SecurityPolicy: securityOf(mac), MacManagementPolicy: mac}
	config.UplinkPortPolicy = &types.DVSNameArrayUplinkPortPolicy{UplinkPortName: []string{"Uplink 1", "Uplink 2", "Uplink 3", "Uplink 4"}}
	setProduct(dvs, version)
}

func setProduct(dvs *simulator.DistributedVirtualSwitch, version string) {
	product := types.DistributedVirtualSwitchProductSpec{Name: "DVS", Vendor: "VMware, Inc.", Version: version, ForwardingClass: "etherswitch"}
	dvs.Summary.ProductInfo = &product
	dvs.Config.GetDVSConfigInfo().ProductInfo = product
}

// switchPolicy is the distributed switch's own MAC management policy.
func (s *Server) switchPolicy() *types.DVSMacManagementPolicy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mac
}

// SetDVSwitchPolicy sets the distributed switch's own MAC management policy. The port groups that inherit it
// follow; their versions stay.
func (s *Server) SetDVSwitchPolicy(policy types.DVSMacManagementPolicy) error {
	policy.Inherited = false
	own := settleMAC(&policy, nil)
	s.mu.Lock()
	s.mac = own
	s.mu.Unlock()
	for _, e := range s.model.Map().All(distributedSwitchType) {
		dvs := e.(*distributedSwitch)
		s.context().WithLock(dvs, func() {
			dvs.Config.GetDVSConfigInfo().DefaultPortConfig = &types.VMwareDVSPortSetting{
				SecurityPolicy: securityOf(own), MacManagementPolicy: own,
			}
		})
	}
	for _, e := range s.model.Map().All("DistributedVirtualPortgroup") {
		if err := s.inherit(e.(*distributedPortGroup)); err != nil {
			return err
		}
	}
	return nil
}

// inherit gives a port group what it inherits.
func (s *Server) inherit(group *distributedPortGroup) error {
	var err error
	ctx := s.context()
	ctx.WithLock(group, func() {
		var config types.DVPortgroupConfigInfo
		if config, err = clone(group.Config); err != nil {
			return
		}
		setting, ok := config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
		if !ok || setting.SecurityPolicy == nil {
			return
		}
		setting.SecurityPolicy = mergeSecurity(setting.SecurityPolicy, &types.DVSSecurityPolicy{}, s.switchPolicy())
		if mac := setting.MacManagementPolicy; mac != nil {
			setting.MacManagementPolicy = settleMAC(mac, s.switchPolicy())
		}
		ctx.Update(group, []types.PropertyChange{{Name: "config", Val: config}})
	})
	return err
}

// SetSwitchVersion sets the version of the distributed switch. Before 6.6 it has no MAC management policy:
// the port groups show none, and writing one is refused.
func (s *Server) SetSwitchVersion(version string) error {
	switches := s.model.Map().All(distributedSwitchType)
	if len(switches) == 0 {
		return fmt.Errorf("setting the switch's version to %s: there is no distributed switch", version)
	}
	for _, e := range switches {
		dvs := e.(*distributedSwitch)
		s.context().WithLock(dvs, func() { setProduct(dvs.DistributedVirtualSwitch, version) })
	}
	learns := s.learns()
	for _, e := range s.model.Map().All("DistributedVirtualPortgroup") {
		err := s.EditDV(s.nameOf(e.Reference()), func(config *types.DVPortgroupConfigInfo) {
			setting, ok := config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
			switch {
			case !ok:
			case !learns:
				setting.MacManagementPolicy = nil
			case setting.MacManagementPolicy == nil:
				setting.MacManagementPolicy = rejecting(setting.SecurityPolicy.Inherited)
				followSecurity(setting.MacManagementPolicy, setting.SecurityPolicy)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// learns reports whether the distributed switch is new enough for MAC management policies.
func (s *Server) learns() bool {
	for _, e := range s.model.Map().All(distributedSwitchType) {
		var version string
		dvs := e.(*distributedSwitch)
		s.context().WithLock(dvs, func() { version = dvs.Summary.ProductInfo.Version })
		major, rest, _ := strings.Cut(version, ".")
		minor, _, _ := strings.Cut(rest, ".")
		x, _ := strconv.Atoi(major)
		y, _ := strconv.Atoi(minor)
		if x < 6 || x == 6 && y < 6 {
			return false
		}
	}
	return true
}

// EditDV changes a distributed port group's whole configuration: whether ports may override it, whom it
// belongs to. Its version moves on.
func (s *Server) EditDV(portGroup string, edit func(*types.DVPortgroupConfigInfo)) error {
	ref, err := s.find("DistributedVirtualPortgroup", portGroup)
	if err != nil {
		return err
	}
	group := s.model.Map().Get(ref).(*distributedPortGroup)
	var fault types.BaseMethodFault
	ctx := s.context()
	ctx.WithLock(group, func() {
		config, err := clone(group.Config)
		if err != nil {
			fault = broken(err)
			return
		}
		edit(&config)
		fault = group.keep(ctx, config)
	})
	if fault != nil {
		return fmt.Errorf("changing %s: %s", portGroup, message(fault))
	}
	return nil
}

// SetDVPolicy merges a setting into a distributed port group's, as a reconfiguration would. Its version moves on.
func (s *Server) SetDVPolicy(portGroup string, setting types.VMwareDVSPortSetting) error {
	setting, err := clone(setting)
	if err != nil {
		return err
	}
	mismatch := false
	err = s.EditDV(portGroup, func(config *types.DVPortgroupConfigInfo) {
		current, ok := config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
		if mismatch = !ok; ok {
			s.merge(current, setting)
		}
	})
	if mismatch {
		return fmt.Errorf("changing %s: its port setting is not a VMware one", portGroup)
	}
	return err
}
