package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// dvState is a distributed port group. Switches before 6.6 have SecurityPolicy alone.
type dvState struct {
	target
	setting *types.VMwareDVSPortSetting
	version string
}

func (inv *inventory) distributed(t target) (*dvState, error) {
	g := inv.groups[t.ref]
	if g == nil {
		return nil, fmt.Errorf("distributed port group %s is gone: run preflight again", t.ref.Value)
	}
	if g.setting() == nil {
		return nil, fmt.Errorf("the settings of distributed port group %s may not be read: %w", g.config.Name, errUnreadable)
	}
	return &dvState{t, g.setting(), g.config.ConfigVersion}, nil
}

func (s *dvState) effective() policy {
	p, _ := distributedPolicy(s.setting)
	return p
}

func (s *dvState) open(fields []field) opening {
	m := s.setting.MacManagementPolicy
	if m == nil && !slices.Contains(fields, learning) {
		yes := true
		after := uniform(fields, &types.BoolPolicy{Value: &yes})
		setting := &types.VMwareDVSPortSetting{SecurityPolicy: withValues(nil, after, legacySetting)}
		return opening{legacyField, valuesOf(s.setting.SecurityPolicy, fields, legacySetting), after, edit{fields: fields, setting: setting, version: s.version}}
	}
	after := macWith(*cmp.Or(m, macFrom(s.setting.SecurityPolicy)), fields)
	return opening{macField, m, after, edit{fields: fields, setting: &types.VMwareDVSPortSetting{MacManagementPolicy: after}, version: s.version}}
}

func (s *dvState) restore(c platform.Change) (*edit, error) {
	e := &edit{fields: allFields(), setting: &types.VMwareDVSPortSetting{}, version: s.version, back: true}
	var err error
	if c.Field != legacyField {
		e.setting.MacManagementPolicy, err = macRestored(s.setting.MacManagementPolicy, c)
		if err != nil || e.setting.MacManagementPolicy == nil {
			return nil, err
		}
		return e, nil
	}
	before, after, err := valuesIn[map[field]*types.BoolPolicy](c)
	if err != nil {
		return nil, err
	}
	e.fields = keys(after)
	next := map[field]*types.BoolPolicy{}
	for _, f := range e.fields {
		next[f] = before[f]
		if next[f] == nil { // it held nothing: what a spec leaves out stays, so say that it inherits
			next[f] = &types.BoolPolicy{InheritablePolicy: types.InheritablePolicy{Inherited: true}}
		}
	}
	now := valuesOf(s.setting.SecurityPolicy, e.fields, legacySetting)
	switch {
	case reflect.DeepEqual(now, next), reflect.DeepEqual(now, before):
		return nil, nil
	case !reflect.DeepEqual(now, after):
		return nil, moved(c, now)
	}
	e.setting.SecurityPolicy = withValues(nil, next, legacySetting)
	return e, nil
}

// holds asks only of a revert: what accepts may be written in other ways too. Of an inherited policy it asks
// that it inherits, since the values are then the switch's.
func (s *dvState) holds(e *edit) bool {
	if !e.back {
		return true
	}
	if want := e.setting.MacManagementPolicy; want != nil {
		is := s.setting.MacManagementPolicy
		return is != nil && is.Inherited == want.Inherited && (want.Inherited || len(changed(want, is)) == 0)
	}
	want, is := valuesOf(e.setting.SecurityPolicy, e.fields, legacySetting), valuesOf(s.setting.SecurityPolicy, e.fields, legacySetting)
	return !slices.ContainsFunc(e.fields, func(f field) bool {
		return is[f] == nil || is[f].Inherited != want[f].Inherited || !want[f].Inherited && !same(is[f].Value, want[f].Value)
	})
}

func (s *dvState) send(ctx context.Context, l *login, e *edit) (*object.Task, error) {
	return object.NewDistributedVirtualPortgroup(l.client, s.ref).Reconfigure(ctx, types.DVPortgroupConfigSpec{
		ConfigVersion: e.version, DefaultPortConfig: e.setting,
	})
}
