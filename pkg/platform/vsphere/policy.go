package vsphere

import (
	"cmp"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// policy is what is in effect; nil is what could not be told, or in a value of a change what is inherited.
type policy map[field]*bool

func (p policy) accepts(f field) bool { return p[f] != nil && *p[f] }

// String is the policy in a few words, such as "promiscuous mode rejected, forged transmits accepted".
func (p policy) String() string {
	var out []string
	for _, f := range []field{promiscuous, macChanges, forged, learning} {
		value, ok := p[f]
		switch {
		case !ok:
			continue
		case value == nil:
			out = append(out, f.words().name+" unknown")
		case f == learning:
			out = append(out, f.words().name+map[bool]string{true: " on", false: " off"}[*value])
		default:
			out = append(out, f.words().name+map[bool]string{true: " accepted", false: " rejected"}[*value])
		}
	}
	return strings.Join(out, ", ")
}

// securityPolicy is a standard switch's or port group's.
func securityPolicy(s *types.HostNetworkSecurityPolicy) policy {
	if s == nil {
		s = &types.HostNetworkSecurityPolicy{}
	}
	return policy{forged: s.ForgedTransmits, promiscuous: s.AllowPromiscuous, macChanges: s.MacChanges}
}

// distributedPolicy is a distributed port's. The values that vCenter gives are in effect, even where they
// are inherited. SecurityPolicy is what switches before 6.7 have; where both are there, MacManagementPolicy
// holds, and disagree names the settings in which they differ.
func distributedPolicy(s *types.VMwareDVSPortSetting) (p policy, disagree []field) {
	if s == nil {
		return policy{forged: nil, promiscuous: nil, macChanges: nil, learning: nil}, nil
	}
	older := macFrom(s.SecurityPolicy)
	m := cmp.Or(s.MacManagementPolicy, older)
	p = policy{forged: m.ForgedTransmits, promiscuous: m.AllowPromiscuous, macChanges: m.MacChanges, learning: new(bool)}
	if l := m.MacLearningPolicy; l != nil {
		p[learning] = &l.Enabled
	}
	for _, f := range []field{promiscuous, macChanges, forged} {
		switch old := *macSetting(older, f); {
		case p[f] == nil:
			p[f] = old
		case old != nil && *old != *p[f]:
			disagree = append(disagree, f)
		}
	}
	return p, disagree
}

func boolOf(b *types.BoolPolicy) *bool {
	if b == nil {
		return nil
	}
	return b.Value
}

// verdict is a policy held against what is required.
type verdict struct {
	// rejected are the settings that must change, and unknown those that could not be told.
	rejected, unknown []field
}

// judge holds p against what --require asks for. MAC address changes count under RequireDocs alone.
func (o Options) judge(p policy) verdict {
	required := []field{forged, promiscuous, macChanges}
	switch {
	case o.Require == RequireDocs:
	case p.accepts(learning):
		required = required[:1]
	default:
		required = required[:2]
	}
	var v verdict
	for _, f := range required {
		switch {
		case p[f] == nil:
			v.unknown = append(v.unknown, f)
		case !*p[f]:
			v.rejected = append(v.rejected, f)
		}
	}
	return v
}
