package vsphere

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// The fields of a Change. A value of policy.security or securityPolicy is null where the host holds no such
// policy at all, else an object of just the settings concerned, null for one that is inherited. A value of
// macManagementPolicy is whole, since its "inherited" covers the whole.
const (
	hostField   = "policy.security"
	macField    = "macManagementPolicy"
	legacyField = "securityPolicy"
)

// valuesOf are some settings of a policy; nil where there is no policy at all. at says where one is.
func valuesOf[S, V any](s *S, fields []field, at func(*S, field) *V) map[field]V {
	if s == nil {
		return nil
	}
	out := map[field]V{}
	for _, f := range fields {
		out[f] = *at(s, f)
	}
	return out
}

// withValues is a policy, or an empty one, with some settings set, and all others as they are.
func withValues[S, V any](s *S, values map[field]V, at func(*S, field) *V) *S {
	var out S
	if s != nil {
		out = *s
	}
	for f, value := range values {
		*at(&out, f) = value
	}
	return &out
}

// put is s with p's settings set.
func (p policy) put(s *types.HostNetworkSecurityPolicy) *types.HostNetworkSecurityPolicy {
	return withValues(s, p, hostSetting)
}

// accepting is the value that accepts fields.
func accepting(fields []field) policy { return uniform(fields, types.NewBool(true)) }

// uniform is one value for each field.
func uniform[V any](fields []field, value V) map[field]V {
	out := map[field]V{}
	for _, f := range fields {
		out[f] = value
	}
	return out
}

func keys[V any](values map[field]V) []field { return slices.Sorted(maps.Keys(values)) }

func hostSetting(s *types.HostNetworkSecurityPolicy, f field) **bool {
	return choice(f, &s.ForgedTransmits, &s.AllowPromiscuous, &s.MacChanges)
}

func legacySetting(s *types.DVSSecurityPolicy, f field) **types.BoolPolicy {
	return choice(f, &s.ForgedTransmits, &s.AllowPromiscuous, &s.MacChanges)
}

func macSetting(m *types.DVSMacManagementPolicy, f field) **bool {
	return choice(f, &m.ForgedTransmits, &m.AllowPromiscuous, &m.MacChanges)
}

// choice is what belongs to f.
func choice[V any](f field, ofForged, ofPromiscuous, ofMACChanges V) V {
	return map[field]V{forged: ofForged, promiscuous: ofPromiscuous, macChanges: ofMACChanges}[f]
}

// same reports whether two settings are alike, or both inherited.
func same(a, b *bool) bool { return a == b || a != nil && b != nil && *a == *b }

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

// valuesIn are the values of a change.
func valuesIn[T any](c platform.Change) (before, after T, err error) {
	if before, err = decode[T](c.Before); err != nil {
		return before, after, err
	}
	after, err = decode[T](c.After)
	return before, after, err
}

// policiesIn are the policies that the values of a change stand for.
func policiesIn(c platform.Change) (before, after policy, err error) {
	switch c.Field {
	case hostField:
		return valuesIn[policy](c)
	case legacyField:
		was, is, err := valuesIn[*types.DVSSecurityPolicy](c)
		return macPolicy(macFrom(was)), macPolicy(macFrom(is)), err
	default:
		was, is, err := valuesIn[*types.DVSMacManagementPolicy](c)
		return macPolicy(was), macPolicy(is), err
	}
}

// set puts the values that were really found, and are written, into a change.
func (o opening) set(c *platform.Change) (err error) {
	c.Field = o.field
	if c.Before, err = encode(o.before); err != nil {
		return err
	}
	c.After, err = encode(o.after)
	return err
}
