package vcenter

import (
	"encoding/json"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

func dump(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	must(t, err)
	return string(data)
}

// security is a standard switch's policy: promiscuous mode, MAC changes, forged transmits. A "-" is not set.
func security(values string) *types.HostNetworkSecurityPolicy {
	value := func(i int) *bool {
		if values[i] == '-' {
			return nil
		}
		return types.NewBool(values[i] == 'y')
	}
	return &types.HostNetworkSecurityPolicy{AllowPromiscuous: value(0), MacChanges: value(1), ForgedTransmits: value(2)}
}

func TestComputedPolicyTakesTheSwitchsWhereThePortGroupHasNone(t *testing.T) {
	vSwitch := complete(&types.HostNetworkPolicy{Security: security("-y-")}, []string{"vmnic0"})
	same(t, "the switch's security", vSwitch.Security, security("nyn"))
	own := types.HostNetworkPolicy{
		Security:   security("y-n"),
		NicTeaming: &types.HostNicTeamingPolicy{NicOrder: &types.HostNicOrderPolicy{ActiveNic: []string{"vmnic1"}}},
	}
	got, err := computed(vSwitch, own)
	must(t, err)
	want := *complete(nil, []string{"vmnic1"})
	want.Security = security("yyn")
	same(t, "computed", got, want)
	same(t, "the switch's own, untouched", vSwitch, complete(&types.HostNetworkPolicy{Security: security("nyn")}, []string{"vmnic0"}))
}
