package vsphere

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// askedFor are the settings that a change makes a distributed port group accept.
func askedFor(c platform.Change) ([]field, error) {
	if c.Field == legacyField {
		after, err := decode[legacyValue](c.After)
		return after.fields(), err
	}
	before, after, err := macValues(c)
	if err != nil || after == nil {
		return nil, err
	}
	was, is := macPolicy(before), macPolicy(after)
	var out []field
	for _, f := range allFields() {
		switch {
		case is.accepts(f) && !was.accepts(f):
			out = append(out, f)
		case was.accepts(f) && !is.accepts(f):
			return nil, fmt.Errorf("%s: %w", c.Target, errCloses)
		}
	}
	return out, nil
}

func macPolicy(m *types.DVSMacManagementPolicy) policy {
	p, _ := distributedPolicy(&types.VMwareDVSPortSetting{MacManagementPolicy: m})
	return p
}

func macValues(c platform.Change) (before, after *types.DVSMacManagementPolicy, err error) {
	if before, err = decode[*types.DVSMacManagementPolicy](c.Before); err != nil {
		return nil, nil, err
	}
	after, err = decode[*types.DVSMacManagementPolicy](c.After)
	return before, after, err
}

// editDistributedBack is the setting that puts Before back, if After still stands.
func (j *job) editDistributedBack(current *types.VMwareDVSPortSetting) (*types.VMwareDVSPortSetting, error) {
	if j.change.Field == legacyField {
		return j.legacyBack(current)
	}
	before, after, err := macValues(j.change)
	if err != nil {
		return nil, err
	}
	now := current.MacManagementPolicy
	if sameMAC(now, before) {
		return nil, nil
	}
	next := &types.DVSMacManagementPolicy{InheritablePolicy: types.InheritablePolicy{Inherited: true}}
	if before != nil {
		next = before
	}
	switch {
	case now == nil, after == nil:
		return nil, j.moved(now)
	case next.Inherited: // the whole goes back, so the whole must be what was written
		if !sameMAC(now, after) {
			return nil, j.moved(now)
		}
	default:
		if !onlyOthersDiffer(now, before, after) {
			return nil, j.moved(now)
		}
		if next = macBack(*now, before, after); sameMAC(next, now) {
			return nil, nil
		}
	}
	back := &types.VMwareDVSPortSetting{MacManagementPolicy: next}
	j.written = &dvExpectation{name: macField, fields: allFields(), back: back}
	return back, nil
}

// changed are the settings in which two explicit policies differ.
func changed(before, after *types.DVSMacManagementPolicy) []field {
	was, is := macPolicy(before), macPolicy(after)
	var out []field
	for _, f := range allFields() {
		if !same(was[f], is[f]) {
			out = append(out, f)
		}
	}
	return out
}

// onlyOthersDiffer reports whether what was changed from before to after still stands in now, or is back
// already.
func onlyOthersDiffer(now, before, after *types.DVSMacManagementPolicy) bool {
	is, was, written := macPolicy(now), macPolicy(before), macPolicy(after)
	stands, back := true, true
	for _, f := range changed(before, after) {
		stands = stands && same(is[f], written[f])
		back = back && same(is[f], was[f])
	}
	return !now.Inherited && (stands || back)
}

// macBack is now with what was changed from before to after as it was before; others' changes stay.
func macBack(now types.DVSMacManagementPolicy, before, after *types.DVSMacManagementPolicy) *types.DVSMacManagementPolicy {
	for _, f := range changed(before, after) {
		switch f {
		case forged:
			now.ForgedTransmits = before.ForgedTransmits
		case promiscuous:
			now.AllowPromiscuous = before.AllowPromiscuous
		case macChanges:
			now.MacChanges = before.MacChanges
		case learning:
			now.MacLearningPolicy = before.MacLearningPolicy
			if now.MacLearningPolicy == nil { // left out, it might stay on
				now.MacLearningPolicy = &types.DVSMacLearningPolicy{}
			}
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

// legacyBack is editDistributedBack for switches that have the older policy alone.
func (j *job) legacyBack(current *types.VMwareDVSPortSetting) (*types.VMwareDVSPortSetting, error) {
	before, err := decode[legacyValue](j.change.Before)
	if err != nil {
		return nil, err
	}
	after, err := decode[legacyValue](j.change.After)
	if err != nil {
		return nil, err
	}
	fields := after.fields()
	next := legacyValue{}
	for _, f := range fields {
		next[f] = before[f]
		if next[f] == nil { // it held nothing: what a spec leaves out stays, so say that it inherits
			next[f] = &types.BoolPolicy{InheritablePolicy: types.InheritablePolicy{Inherited: true}}
		}
	}
	now := legacyValueOf(current.SecurityPolicy, fields)
	switch {
	case reflect.DeepEqual(now, next), reflect.DeepEqual(now, before):
		return nil, nil
	case !reflect.DeepEqual(now, after):
		return nil, j.moved(now)
	}
	back := &types.VMwareDVSPortSetting{SecurityPolicy: next.policy()}
	j.written = &dvExpectation{name: legacyField, fields: fields, back: back}
	return back, nil
}

// restored reports whether a setting holds what a revert wrote: of an inherited policy that it inherits.
func (e *dvExpectation) restored(now *types.VMwareDVSPortSetting) bool {
	if want := e.back.MacManagementPolicy; want != nil {
		is := now.MacManagementPolicy
		return is != nil && is.Inherited == want.Inherited && (want.Inherited || len(changed(want, is)) == 0)
	}
	want, is := legacyValueOf(e.back.SecurityPolicy, e.fields), legacyValueOf(now.SecurityPolicy, e.fields)
	return !slices.ContainsFunc(e.fields, func(f field) bool {
		return is[f] == nil || is[f].Inherited != want[f].Inherited || !want[f].Inherited && !same(is[f].Value, want[f].Value)
	})
}
