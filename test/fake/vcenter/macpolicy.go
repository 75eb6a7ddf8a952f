package vcenter

import "github.com/vmware/govmomi/vim25/types"

// The limits of MAC learning on a port, as a vCenter has them where nobody set any.
const (
	learningLimit       = 4096
	learningLimitPolicy = "DROP"
)

// rejecting is the MAC management policy of a new distributed switch.
func rejecting(inherited bool) *types.DVSMacManagementPolicy {
	return &types.DVSMacManagementPolicy{
		InheritablePolicy: types.InheritablePolicy{Inherited: inherited},
		AllowPromiscuous:  types.NewBool(false), MacChanges: types.NewBool(false), ForgedTransmits: types.NewBool(false),
		MacLearningPolicy: &types.DVSMacLearningPolicy{
			InheritablePolicy: types.InheritablePolicy{Inherited: inherited},
			Enabled:           false, AllowUnicastFlooding: types.NewBool(true),
			Limit: types.NewInt32(learningLimit), LimitPolicy: learningLimitPolicy,
		},
	}
}

// inheriting is the switch's policy as a port group shows it that inherits it.
func inheriting(vSwitch *types.DVSMacManagementPolicy) *types.DVSMacManagementPolicy {
	inherited := settleMAC(vSwitch, nil)
	inherited.Inherited, inherited.MacLearningPolicy.Inherited = true, true
	return inherited
}

// settleMAC is a MAC management policy as it is read back once it was written: an inherited one has the
// switch's values, and in another what was left out rejects, since the policy is one whole.
func settleMAC(written, vSwitch *types.DVSMacManagementPolicy) *types.DVSMacManagementPolicy {
	if written.Inherited {
		return inheriting(vSwitch)
	}
	settled := rejecting(false)
	set(&settled.AllowPromiscuous, written.AllowPromiscuous)
	set(&settled.MacChanges, written.MacChanges)
	set(&settled.ForgedTransmits, written.ForgedTransmits)
	if learning := written.MacLearningPolicy; learning != nil && !learning.Inherited {
		settled.MacLearningPolicy.Enabled = learning.Enabled
		set(&settled.MacLearningPolicy.AllowUnicastFlooding, learning.AllowUnicastFlooding)
		set(&settled.MacLearningPolicy.Limit, learning.Limit)
		if learning.LimitPolicy != "" {
			settled.MacLearningPolicy.LimitPolicy = learning.LimitPolicy
		}
	}
	return settled
}

// set copies a value that is there.
func set[T any](to **T, from *T) {
	if from != nil {
		value := *from
		*to = &value
	}
}

// securityOf is the deprecated view of a MAC management policy.
func securityOf(mac *types.DVSMacManagementPolicy) *types.DVSSecurityPolicy {
	view := func(value *bool) *types.BoolPolicy {
		policy := &types.BoolPolicy{InheritablePolicy: types.InheritablePolicy{Inherited: mac.Inherited}}
		set(&policy.Value, value)
		return policy
	}
	return &types.DVSSecurityPolicy{
		InheritablePolicy: types.InheritablePolicy{Inherited: mac.Inherited},
		AllowPromiscuous:  view(mac.AllowPromiscuous), MacChanges: view(mac.MacChanges), ForgedTransmits: view(mac.ForgedTransmits),
	}
}

// mergeSecurity is a security policy with the booleans that written holds. One that inherits has the
// switch's value.
func mergeSecurity(current, written *types.DVSSecurityPolicy, vSwitch *types.DVSMacManagementPolicy) *types.DVSSecurityPolicy {
	inherited, merged := securityOf(inheriting(vSwitch)), securityOf(inheriting(vSwitch))
	each := func(to **types.BoolPolicy, vSwitch *types.BoolPolicy, policies ...*types.BoolPolicy) {
		for _, policy := range policies {
			switch {
			case policy == nil:
			case policy.Inherited:
				*to = vSwitch
			default:
				value := &types.BoolPolicy{Value: types.NewBool(false)}
				set(&value.Value, policy.Value)
				*to = value
			}
		}
	}
	if current == nil {
		current = merged
	}
	each(&merged.AllowPromiscuous, inherited.AllowPromiscuous, current.AllowPromiscuous, written.AllowPromiscuous)
	each(&merged.MacChanges, inherited.MacChanges, current.MacChanges, written.MacChanges)
	each(&merged.ForgedTransmits, inherited.ForgedTransmits, current.ForgedTransmits, written.ForgedTransmits)
	merged.Inherited = merged.AllowPromiscuous.Inherited && merged.MacChanges.Inherited && merged.ForgedTransmits.Inherited
	return merged
}

// followSecurity takes over the booleans of the deprecated view. MAC learning stays as it is.
func followSecurity(mac *types.DVSMacManagementPolicy, security *types.DVSSecurityPolicy) {
	mac.Inherited = mac.Inherited && security.Inherited
	set(&mac.AllowPromiscuous, security.AllowPromiscuous.Value)
	set(&mac.MacChanges, security.MacChanges.Value)
	set(&mac.ForgedTransmits, security.ForgedTransmits.Value)
}
