package vsphere

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// macFrom is an older policy in the newer shape.
func macFrom(s *types.DVSSecurityPolicy) *types.DVSMacManagementPolicy {
	if s == nil {
		return &types.DVSMacManagementPolicy{}
	}
	return &types.DVSMacManagementPolicy{
		AllowPromiscuous: boolOf(s.AllowPromiscuous), MacChanges: boolOf(s.MacChanges), ForgedTransmits: boolOf(s.ForgedTransmits),
	}
}

// macWith is the whole policy with fields accepted (and MAC learning on): explicit from then on, with every
// current value sent along.
func macWith(m types.DVSMacManagementPolicy, fields []field) *types.DVSMacManagementPolicy {
	m.Inherited = false
	for _, f := range fields {
		if f == learning {
			m.MacLearningPolicy = learned(m.MacLearningPolicy)
		} else {
			*macSetting(&m, f) = types.NewBool(true)
		}
	}
	return &m
}

// learned is the MAC learning that UseMACLearning asks for: l turned on, with vSphere's own defaults where
// it says nothing. Flooding reaches a router whose MAC has aged out.
func learned(l *types.DVSMacLearningPolicy) *types.DVSMacLearningPolicy {
	if l == nil {
		l = &types.DVSMacLearningPolicy{}
	}
	return &types.DVSMacLearningPolicy{
		Enabled:              true,
		AllowUnicastFlooding: cmp.Or(l.AllowUnicastFlooding, types.NewBool(true)), Limit: cmp.Or(l.Limit, types.NewInt32(4096)),
		LimitPolicy: cmp.Or(l.LimitPolicy, "DROP"),
	}
}

func macPolicy(m *types.DVSMacManagementPolicy) policy {
	p, _ := distributedPolicy(&types.VMwareDVSPortSetting{MacManagementPolicy: m})
	return p
}

// macRestored is the policy that takes c back out of now; nil where now is as it was before.
func macRestored(now *types.DVSMacManagementPolicy, c platform.Change) (*types.DVSMacManagementPolicy, error) {
	before, after, err := valuesIn[*types.DVSMacManagementPolicy](c)
	if err != nil || sameMAC(now, before) {
		return nil, err
	}
	next := before
	if before == nil {
		next = &types.DVSMacManagementPolicy{InheritablePolicy: types.InheritablePolicy{Inherited: true}}
	}
	switch {
	case now == nil, after == nil,
		next.Inherited && !sameMAC(now, after), // the whole goes back, so the whole must be what was written
		!next.Inherited && !onlyOthersDiffer(now, before, after):
		return nil, moved(c, now)
	case next.Inherited:
		return next, nil
	}
	if next = macBack(*now, before, after); sameMAC(next, now) {
		return nil, nil
	}
	return next, nil
}

// changed are the settings in which two explicit policies differ.
func changed(before, after *types.DVSMacManagementPolicy) []field {
	was, is := macPolicy(before), macPolicy(after)
	return slices.DeleteFunc(allFields(), func(f field) bool { return same(was[f], is[f]) })
}

// onlyOthersDiffer reports whether what was changed from before to after is still in now, or is back
// already.
func onlyOthersDiffer(now, before, after *types.DVSMacManagementPolicy) bool {
	gone := func(from *types.DVSMacManagementPolicy) bool {
		differ := changed(from, now)
		return slices.ContainsFunc(changed(before, after), func(f field) bool { return slices.Contains(differ, f) })
	}
	return !now.Inherited && (!gone(after) || !gone(before))
}

// macBack is now with what was changed from before to after as it was before; others' changes stay.
func macBack(now types.DVSMacManagementPolicy, before, after *types.DVSMacManagementPolicy) *types.DVSMacManagementPolicy {
	for _, f := range changed(before, after) {
		if f != learning {
			*macSetting(&now, f) = *macSetting(before, f)
			continue
		}
		now.MacLearningPolicy = before.MacLearningPolicy
		if now.MacLearningPolicy == nil { // left out, it might stay on
			now.MacLearningPolicy = &types.DVSMacLearningPolicy{}
		}
	}
	return &now
}

// sameMAC reports whether two policies are one in effect: what is sent is not read back to the letter, since
// vCenter fills in what was left out. Of two that inherit the values are the switch's.
func sameMAC(a, b *types.DVSMacManagementPolicy) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Inherited || b.Inherited {
		return a.Inherited == b.Inherited
	}
	return len(changed(a, b)) == 0 && sameLimits(a.MacLearningPolicy, b.MacLearningPolicy)
}

func sameLimits(a, b *types.DVSMacLearningPolicy) bool {
	return a == nil || b == nil ||
		(a.AllowUnicastFlooding == nil || b.AllowUnicastFlooding == nil || *a.AllowUnicastFlooding == *b.AllowUnicastFlooding) &&
			(a.Limit == nil || b.Limit == nil || *a.Limit == *b.Limit) &&
			(a.LimitPolicy == "" || b.LimitPolicy == "" || a.LimitPolicy == b.LimitPolicy)
}
