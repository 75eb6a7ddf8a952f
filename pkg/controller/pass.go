package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// job is a plan with what it was made for.
type job struct {
	*view
	adapter *openstack.Adapter
	plan    *platform.Plan
}

// pass brings Neutron in step once. late are the routers that it could not help; an error is what kept the whole from
// being done.
func (s *neutron) pass(ctx context.Context, keys map[string]bool) (late map[string]bool, err error) {
	defer func() { s.metrics.passed(ctx, err) }()
	heard := s.takeHeard()
	v, bad := s.look(s.mirrored())
	s.note(v, heard)
	back := s.adopt(v)
	// What is recorded is news too, of which nothing follows.
	if !keys[everything] && len(back) == 0 && v.same(s.tried) && !s.isDue() {
		return nil, nil
	}
	s.tried = nil
	j, err := s.plan(ctx, v)
	if err != nil {
		return nil, err
	}
	if j.writes(s) || j.doubts() || len(back) > 0 {
		// What is remembered may be old: a pod may have come back, or a router too.
		if j, bad, back, err = s.confirm(ctx, j); err != nil {
			return nil, err
		}
	}
	done, err := s.carryOut(ctx, j)
	if err != nil {
		return nil, err
	}
	if err := s.takeBack(ctx, done, back); err != nil {
		return nil, err
	}
	late = s.conclude(done, bad)
	for router := range done.routers {
		if !late[router] {
			s.limiter.Forget(router)
		}
	}
	clear(s.due)
	s.tried = done.stands()
	return late, nil
}

// stands is the view that o was for, with the records as they are now.
func (o *outcome) stands() *view {
	v := *o.view
	v.recorded = map[string][]openstack.Pair{}
	for router, pairs := range o.after {
		if _, there := v.routers[router]; there && len(pairs) > 0 {
			v.recorded[router] = pairs
		}
	}
	return &v
}

// plan asks Neutron what v lacks.
func (s *neutron) plan(ctx context.Context, v *view) (*job, error) {
	if s.cloud == nil {
		cloud, err := s.Connect(ctx, s.metrics.heard)
		if err != nil {
			return nil, s.cloudTrouble(ctx, err)
		}
		s.cloud = cloud
		s.Log.Info("logged in", "where", cloud.Where())
	}
	adapter, err := openstack.New(s.cloud, openstack.Options{
		Concurrency: s.Concurrency, MaxPairs: s.MaxPairs, Prune: true, Recorded: v.recorded, Nodes: v.nodes,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the plan: %w", err)
	}
	plan, err := adapter.Plan(ctx, v.need)
	if err != nil {
		return nil, s.cloudTrouble(ctx, err)
	}
	s.troubles.over("cloud")
	return &job{v, adapter, plan}, nil
}

// cloudTrouble notes that the cloud does not do as asked. The next try logs in anew, perhaps with other credentials.
func (s *neutron) cloudTrouble(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		s.cloud = nil
		s.troubles.say("cloud", err)
	}
	return err
}

// writes reports whether j asks for anything to be written: to Neutron, or of what a record names in vain.
func (j *job) writes(s *neutron) bool {
	if len(j.plan.Changes) > 0 {
		return true
	}
	for router, pairs := range j.adapter.Standing() {
		if s.differs(j.view, router, pairs) {
			return true
		}
	}
	return false
}

// doubts reports whether a router is to be called out of step. After the API server was away one watch may be back before
// the other, so that a pair looks like one that nobody recorded.
func (j *job) doubts() bool {
	return slices.ContainsFunc(j.plan.Permissions, func(p platform.Permission) bool { return p.Allowed != platform.Yes })
}

// confirm asks the API server itself whether all is as j was planned for, and plans again where it is not. Without an
// answer nothing is done.
func (s *neutron) confirm(ctx context.Context, j *job) (*job, map[string]error, map[types.UID]orphan, error) {
	live, unreadable, err := s.mirror.Live(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.troubles.say("cluster", err)
		}
		return nil, nil, nil, err
	}
	s.troubles.over("cluster")
	s.believe(live)
	v, bad := s.look(live, unreadable)
	back := s.adopt(v)
	if v.same(j.view) {
		return &job{v, j.adapter, j.plan}, bad, back, nil
	}
	j, err = s.plan(ctx, v)
	return j, bad, back, err
}

// takeBack removes the pairs of routers that are gone.
func (s *neutron) takeBack(ctx context.Context, o *outcome, back map[types.UID]orphan) error {
	if len(back) == 0 || len(o.unrecorded) > 0 {
		return nil
	}
	records := map[string][]openstack.Pair{}
	for _, left := range back {
		for _, pair := range left.pairs {
			records[left.router] = with(records[left.router], pair)
		}
	}
	if len(records) > 0 {
		adapter, err := openstack.New(s.cloud, openstack.Options{Concurrency: s.Concurrency, MaxPairs: s.MaxPairs, Recorded: records})
		if err != nil {
			return fmt.Errorf("preparing to take pairs back: %w", err)
		}
		plan, err := adapter.PlanRevoke(ctx, records)
		if err != nil {
			return s.cloudTrouble(ctx, err)
		}
		err = adapter.Apply(ctx, plan, func(c platform.Change, err error) {
			if err == nil {
				s.Log.Info("taken back what was written for a router that is gone", "target", c.Target, "why", c.Reason)
			}
		})
		if err != nil {
			return s.cloudTrouble(ctx, fmt.Errorf("taking back what was written for routers that are gone: %w", err))
		}
	}
	s.settled(back)
	return nil
}

// conclude says of every router whether it is in step, and gives those to try again.
func (s *neutron) conclude(o *outcome, bad map[string]error) map[string]bool {
	late := map[string]bool{}
	out := map[string]error{}
	maps.Copy(out, bad)
	for router, err := range o.unrecorded {
		out[router], late[router] = err, true
	}
	for router, err := range o.failed {
		out[router], late[router] = err, true
	}
	for _, p := range o.plan.Permissions {
		if p.Allowed == platform.Yes || o.changed[p.Router] && o.holds(p) || out[p.Router] != nil {
			continue
		}
		out[p.Router], late[p.Router] = errors.New(o.reason(p)), true
	}
	s.tell(o, out)
	return late
}

// holds reports whether the pair that p is about stands now: of a router that moved to a full port only the old one went.
func (o *outcome) holds(p platform.Permission) bool {
	return slices.ContainsFunc(o.need, func(at platform.Attachment) bool {
		return at.Router == p.Router && at.Node.Name == p.Node && slices.ContainsFunc(o.after[at.Router], func(pair openstack.Pair) bool {
			return pair.IP == at.IP.Addr().String() && strings.EqualFold(pair.MAC, at.MAC)
		})
	})
}

// reason is why a router's frames may not pass: a finding's words, with what mends it.
func (o *outcome) reason(p platform.Permission) string {
	text := ""
	for _, f := range o.plan.Findings {
		if f.Object != p.Router || f.Level == finding.Info {
			continue
		}
		said := fmt.Sprintf("%s: %s: %s", f.Code, f.Message, f.Why)
		if f.Code == finding.PairLimit && f.Level == finding.Error {
			return said // why the pair is missing, which is a finding before it
		}
		text = cmp.Or(text, said)
	}
	return cmp.Or(text, p.Why)
}
