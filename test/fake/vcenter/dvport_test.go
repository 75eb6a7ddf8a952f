package vcenter

import (
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

func TestPortsShowWhatTheyOverride(t *testing.T) {
	s, c := start(t, Options{PortGroups: 2, VMs: 3})
	must(t, s.EditDV("DC0_DVPG0", func(config *types.DVPortgroupConfigInfo) {
		config.Policy.(*types.VMwareDVSPortgroupPolicy).MacManagementOverrideAllowed = types.NewBool(true)
	}))
	must(t, s.MoveVM("DC0_C0_RP0_VM2", "DC0_DVPG1"))
	must(t, s.SetPortOverride("DC0_DVPG0", "DC0_C0_RP0_VM1", types.VMwareDVSPortSetting{MacManagementPolicy: mac("yyy", false)}))
	if s.SetPortOverride("DC0_DVPG0", "DC0_C0_RP0_VM2", types.VMwareDVSPortSetting{}) == nil {
		t.Error("a VM that is not on the port group has a port there")
	}
	config := dvpg(t, s, c, "DC0_DVPG0")
	if !*config.Policy.(*types.VMwareDVSPortgroupPolicy).MacManagementOverrideAllowed || config.ConfigVersion != "2" {
		t.Errorf("the port group: %s", dump(t, config))
	}
	ports, err := object.NewDistributedVirtualSwitch(c.Client, *config.DistributedVirtualSwitch).FetchDVPorts(t.Context(),
		&types.DistributedVirtualSwitchPortCriteria{PortgroupKey: []string{config.Key}, Inside: types.NewBool(true)})
	must(t, err)
	got := map[string]*types.DVSMacManagementPolicy{}
	for _, port := range ports {
		got[s.nameOf(*port.Connectee.ConnectedEntity)] = port.Config.Setting.(*types.VMwareDVSPortSetting).MacManagementPolicy
	}
	same(t, "the ports", got, map[string]*types.DVSMacManagementPolicy{
		"DC0_C0_RP0_VM0": rejecting(true), "DC0_C0_RP0_VM1": mac("yyy", false),
	})
}
