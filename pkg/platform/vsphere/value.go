package vsphere

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// The fields of a Change. A value of policy.security or securityPolicy is null where the host holds no such
// policy at all, else an object of just the settings concerned, null for one that is inherited. A value of
// macManagementPolicy is whole, since its "inherited" covers the whole.
const (
	hostField   = "policy.security"
	macField    = "macManagementPolicy"
	legacyField = "securityPolicy"
)

// hostValue is the value of hostField: nil is no policy at all.
type hostValue map[field]*bool

func hostValueOf(s *types.HostNetworkSecurityPolicy, fields []field) hostValue {
	if s == nil {
		return nil
	}
	out := hostValue{}
	for _, f := range fields {
		out[f] = securityPolicy(s)[f]
	}
	return out
}

// put is s with v's settings set, and all others as they are.
func (v hostValue) put(s *types.HostNetworkSecurityPolicy) *types.HostNetworkSecurityPolicy {
	out := types.HostNetworkSecurityPolicy{}
	if s != nil {
		out = *s
	}
	for f, value := range v {
		*hostSetting(&out, f) = value
	}
	return &out
}

// without is s with the settings of fields inherited, and gone when it then says nothing.
func without(s *types.HostNetworkSecurityPolicy, fields []field) *types.HostNetworkSecurityPolicy {
	none := hostValue{}
	for _, f := range fields {
		none[f] = nil
	}
	out := none.put(s)
	if *out == (types.HostNetworkSecurityPolicy{}) {
		return nil
	}
	return out
}

func hostSetting(s *types.HostNetworkSecurityPolicy, f field) **bool {
	switch f {
	case forged:
		return &s.ForgedTransmits
	case promiscuous:
		return &s.AllowPromiscuous
	default:
		return &s.MacChanges
	}
}

// accepting is the value that accepts fields.
func accepting(fields []field) hostValue {
	yes := true
	out := hostValue{}
	for _, f := range fields {
		out[f] = &yes
	}
	return out
}

func (v hostValue) fields() []field { return slices.Sorted(maps.Keys(v)) }

func (v hostValue) equal(o hostValue) bool {
	return maps.EqualFunc(v, o, func(a, b *bool) bool { return same(a, b) })
}

// accepts reports whether v asks for f.
func same(a, b *bool) bool { return a == b || a != nil && b != nil && *a == *b }

// legacyValue is the value of legacyField.
type legacyValue map[field]*types.BoolPolicy

func legacyValueOf(s *types.DVSSecurityPolicy, fields []field) legacyValue {
	if s == nil {
		return nil
	}
	out := legacyValue{}
	for _, f := range fields {
		out[f] = *legacySetting(s, f)
	}
	return out
}

func legacySetting(s *types.DVSSecurityPolicy, f field) **types.BoolPolicy {
	switch f {
	case forged:
		return &s.ForgedTransmits
	case promiscuous:
		return &s.AllowPromiscuous
	default:
		return &s.MacChanges
	}
}

func (v legacyValue) fields() []field { return slices.Sorted(maps.Keys(v)) }

// learned is the MAC learning that UseMACLearning asks for: l turned on, with vSphere's own defaults where
// it says nothing. Flooding reaches a router whose MAC has aged out.
func learned(l *types.DVSMacLearningPolicy) *types.DVSMacLearningPolicy {
	flood, limit := true, int32(4096)
	out := types.DVSMacLearningPolicy{AllowUnicastFlooding: &flood, Limit: &limit, LimitPolicy: "DROP"}
	if l != nil {
		out.InheritablePolicy = l.InheritablePolicy
		if l.AllowUnicastFlooding != nil {
			out.AllowUnicastFlooding = l.AllowUnicastFlooding
		}
		if l.Limit != nil {
			out.Limit = l.Limit
		}
		if l.LimitPolicy != "" {
			out.LimitPolicy = l.LimitPolicy
		}
	}
	out.Enabled, out.Inherited = true, false
	return &out
}

// macWith is the whole policy with fields accepted (and MAC learning on): explicit from then on, with every
// current value sent along.
func macWith(m types.DVSMacManagementPolicy, fields []field) *types.DVSMacManagementPolicy {
	yes := true
	m.Inherited = false
	for _, f := range fields {
		switch f {
		case forged:
			m.ForgedTransmits = &yes
		case promiscuous:
			m.AllowPromiscuous = &yes
		case macChanges:
			m.MacChanges = &yes
		case learning:
			m.MacLearningPolicy = learned(m.MacLearningPolicy)
		}
	}
	return &m
}

func encode(v any) (json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("writing a policy as JSON: %w", err)
	}
	return b, nil
}

func decode[T any](b json.RawMessage) (T, error) {
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("reading a policy %s: %w", b, err)
	}
	return v, nil
}
