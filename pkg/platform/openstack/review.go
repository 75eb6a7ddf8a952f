package openstack

import (
	"context"
	"reflect"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// seen is what the last plan was made of. It serves Review alone, once, after an Apply that has read back every
// port it wrote.
type seen struct {
	need  []platform.Attachment
	world *world
	// current tells that the ports are as they were read back.
	current bool
}

// Review is the plan for need right after Apply, made of what that has just read back, so that nothing is read
// twice. Where Apply could not read everything back, or need is another than was planned, it is Plan.
func (a *Adapter) Review(ctx context.Context, need []platform.Attachment) (*platform.Plan, error) {
	last := a.seen
	a.seen = seen{}
	if !last.current || !reflect.DeepEqual(last.need, need) {
		return a.Plan(ctx, need)
	}
	guarded, err := a.guarded(ctx)
	if err != nil {
		return nil, err
	}
	return a.planOf(last.world, need, guarded)
}

// confirmed takes over ports as they were read back. A reservation that was made or deleted changes more than these
// ports, and so does a port that is not of the last plan.
func (a *Adapter) confirmed(plan *platform.Plan, found []*port) {
	if a.seen.world == nil {
		return
	}
	for _, change := range plan.Changes {
		if change.Field != pairsField {
			return
		}
	}
	for _, p := range found {
		known, ok := a.seen.world.ports[p.ID]
		if !ok {
			return
		}
		*known = *p
	}
	a.seen.current = true
}
