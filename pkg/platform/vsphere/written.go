package vsphere

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// seen is a target's object as it is read back: one of the two.
type seen struct {
	host    *hostNow
	setting *types.VMwareDVSPortSetting
}

// readTargets reads the hosts and port groups of jobs, in one call.
func (v *vcenter) readTargets(ctx context.Context, jobs []*job) (map[ref]seen, error) {
	paths := map[string]map[string]bool{}
	refs := map[ref]bool{}
	for _, j := range jobs {
		r := j.target.ref
		refs[r] = true
		if paths[r.Type] == nil {
			paths[r.Type] = map[string]bool{"name": true}
		}
		paths[r.Type][map[string]string{
			isPortGroup: "config.network.portgroup", isVSwitch: "config.network.vswitch", isDVPG: "config",
		}[j.target.kind]] = true
	}
	var specs []types.PropertySpec
	for _, kind := range slices.Sorted(maps.Keys(paths)) {
		specs = append(specs, types.PropertySpec{Type: kind, PathSet: slices.Sorted(maps.Keys(paths[kind]))})
	}
	out := map[ref]seen{}
	err := v.do(ctx, func(ctx context.Context, s *login) error {
		objects, err := s.objects(ctx, slices.Collect(maps.Keys(refs)), specs...)
		if err != nil {
			return err
		}
		for _, o := range objects {
			if out[o.Obj], err = seenIn(o); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func seenIn(o types.ObjectContent) (seen, error) {
	e := newEntity(o)
	o.MissingSet = nil
	value, err := mo.ObjectContentToType(o)
	if err != nil {
		return seen{}, fmt.Errorf("reading %s: %w", o.Obj.Value, err)
	}
	switch m := value.(type) {
	case mo.HostSystem:
		h := &hostNow{host: host{entity: e}}
		if m.Config != nil && m.Config.Network != nil {
			h.groups, h.switches = m.Config.Network.Portgroup, m.Config.Network.Vswitch
		}
		return seen{host: h}, nil
	case mo.DistributedVirtualPortgroup:
		setting, _ := m.Config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
		return seen{setting: setting}, nil
	}
	return seen{}, nil
}

// holding puts the values that were really found, and are written, into the change.
func (j *job) holding(before, after any) error {
	var err error
	if j.change.Before, err = encode(before); err != nil {
		return err
	}
	j.change.After, err = encode(after)
	return err
}

// asItIs tells that nothing needs to be written: the value is what it was.
func (j *job) asItIs(value any) error { return j.holding(value, value) }

// failure says what kept a change from being made, where, and the privilege for it. One whose answer never
// came may have been made: reading back will tell.
func (j *job) failure(err error, sent bool) error {
	var denied types.NoPermission
	switch {
	case err == nil:
		return nil
	case permission(err, &denied):
		privilege := privilegeOf(denied)
		if denied.PrivilegeId == "" && len(denied.MissingPrivileges) == 0 {
			privilege = j.target.privilege()
		}
		return &explained{fmt.Sprintf("%s: %s has no privilege %s there: ask an administrator for it, or hand over what -o commands prints",
			j.change.Target, j.v.credentials.Username, privilege), err}
	case hostGone(err):
		return &explained{fmt.Sprintf("%s: vCenter cannot reach the host: bring it back, and run this again", j.change.Target), err}
	case sent && !hasFault(err):
		j.doubt = fmt.Errorf("%s: vCenter gave no answer, and it is not written: %w", j.change.Target, err)
		return nil
	}
	return fmt.Errorf("%s: %w", j.change.Target, err)
}

// hostGone reports whether vCenter has lost touch with a host.
func hostGone(err error) bool {
	for _, f := range []types.BaseMethodFault{
		&types.HostNotConnected{}, &types.HostNotReachable{}, &types.HostCommunication{}, &types.CannotAccessNetwork{},
	} {
		if fault.Is(err, f) {
			return true
		}
	}
	return false
}
