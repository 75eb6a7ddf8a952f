package vcenter

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// clone copies a vim25 value to the last pointer, so that no two objects share one.
func clone[T any](v T) (T, error) {
	var copied T
	data, err := xml.Marshal(v)
	if err != nil {
		return copied, fmt.Errorf("copying a %T: %w", v, err)
	}
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.TypeFunc = types.TypeFunc()
	if err := decoder.Decode(&copied); err != nil {
		return copied, fmt.Errorf("copying a %T: %w", v, err)
	}
	return copied, nil
}

// overlay sets in base what over sets: a nil pointer, an empty string and a zero number leave base as it is,
// structures are gone into, all else is taken whole. Both are of one structure type; base is written.
func overlay(base, over reflect.Value) {
	for i := range over.NumField() {
		from, to := over.Field(i), base.Field(i)
		switch {
		case from.Kind() == reflect.Struct:
			overlay(to, from)
		case from.IsZero():
		case from.Kind() == reflect.Pointer && from.Elem().Kind() == reflect.Struct && !to.IsNil():
			overlay(to.Elem(), from.Elem())
		default:
			to.Set(from)
		}
	}
}

// computed is the policy that holds on a port group: its own, and the switch's where it has none.
func computed(vSwitch *types.HostNetworkPolicy, own types.HostNetworkPolicy) (types.HostNetworkPolicy, error) {
	result := types.HostNetworkPolicy{}
	if vSwitch != nil {
		var err error
		if result, err = clone(*vSwitch); err != nil {
			return result, err
		}
	}
	own, err := clone(own)
	if err != nil {
		return result, err
	}
	overlay(reflect.ValueOf(&result).Elem(), reflect.ValueOf(own))
	return result, nil
}

// complete fills what a switch's own policy leaves open with the defaults of vSphere 7 and later: a switch
// inherits from nothing.
func complete(policy *types.HostNetworkPolicy, nics []string) *types.HostNetworkPolicy {
	filled := types.HostNetworkPolicy{
		Security: &types.HostNetworkSecurityPolicy{
			AllowPromiscuous: types.NewBool(false), MacChanges: types.NewBool(false), ForgedTransmits: types.NewBool(false),
		},
		NicTeaming: &types.HostNicTeamingPolicy{
			Policy: "loadbalance_srcid", ReversePolicy: types.NewBool(true),
			NotifySwitches: types.NewBool(true), RollingOrder: types.NewBool(false),
			NicOrder: &types.HostNicOrderPolicy{ActiveNic: nics},
		},
		OffloadPolicy: &types.HostNetOffloadCapabilities{
			CsumOffload: types.NewBool(true), TcpSegmentation: types.NewBool(true), ZeroCopyXmit: types.NewBool(true),
		},
		ShapingPolicy: &types.HostNetworkTrafficShapingPolicy{Enabled: types.NewBool(false)},
	}
	if policy != nil {
		overlay(reflect.ValueOf(&filled).Elem(), reflect.ValueOf(*policy))
	}
	return &filled
}
