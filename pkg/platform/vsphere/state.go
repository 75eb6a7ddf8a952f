package vsphere

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

var errUnreadable = errors.New("look at the user's privileges on it, and run preflight again")

// state is what a target held when it was read.
type state interface {
	// effective is the policy in effect.
	effective() policy
	// open says how the target is made to accept fields.
	open(fields []field) opening
	// restore is what puts Before back where After still stands; nil where Before stands already.
	restore(c platform.Change) (*edit, error)
	// holds reports whether an edit is there.
	holds(e *edit) bool
	// send writes an edit; a task goes on after it.
	send(ctx context.Context, s *login, e *edit) (*object.Task, error)
}

// opening is the field of a change with its value as it is and as it shall be, and what is written for that.
type opening struct {
	field         string
	before, after any
	edit
}

// edit is what is written of a target, and the settings that it is about: the whole security policy of a
// host's (nil for none), or the part of a distributed port group's setting that changes, since vCenter merges.
type edit struct {
	fields   []field
	security *types.HostNetworkSecurityPolicy
	setting  *types.VMwareDVSPortSetting
	// version is what guards it: a host has none.
	version string
	// back tells that it takes a change back.
	back bool
}

// state finds what a target holds.
func (inv *inventory) state(t target) (state, error) {
	if t.kind == isDVPG {
		return inv.distributed(t)
	}
	return inv.standard(t)
}

// targets reads the hosts and port groups of jobs, in one call.
func (v *vcenter) targets(ctx context.Context, s *login, jobs ...*job) (*inventory, error) {
	refs := map[ref]bool{}
	for _, j := range jobs {
		refs[j.target.ref] = true
	}
	objects, err := s.objects(ctx, slices.Collect(maps.Keys(refs)),
		types.PropertySpec{Type: "HostSystem", PathSet: []string{"name", "configManager.networkSystem", "config.network.vswitch", "config.network.portgroup"}},
		types.PropertySpec{Type: "DistributedVirtualPortgroup", PathSet: []string{"name", "config"}})
	if err != nil {
		return nil, err
	}
	return newInventory(v, objects)
}
