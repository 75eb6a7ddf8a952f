package vsphere

import (
	"context"
	"fmt"
	"maps"
	"reflect"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// hostState is a port group or switch on a host. No version guards it, so it is read just before it is
// written, and the whole spec is sent as it was then.
type hostState struct {
	target
	host *host
	// own is the policy that it holds itself, and inEffect what that and the switch's come to.
	own      *types.HostNetworkSecurityPolicy
	inEffect policy
}

func (inv *inventory) standard(t target) (*hostState, error) {
	h := inv.hosts[t.ref]
	if h == nil {
		return nil, fmt.Errorf("host %s is gone: run preflight again", t.ref.Value)
	}
	if privilege, held := h.lacks("config.network"); held {
		return nil, fmt.Errorf("the network of host %s may not be read (privilege %s): %w", h.name, privilege, errUnreadable)
	}
	if pg := h.portGroup(t.name); t.kind == isPortGroup && pg != nil {
		return &hostState{t, h, pg.Spec.Policy.Security, securityPolicy(pg.ComputedPolicy.Security)}, nil
	}
	if vs := h.vSwitch(t.name); t.kind == isVSwitch && vs != nil {
		own := switchSecurity(vs.Spec)
		return &hostState{t, h, own, securityPolicy(own)}, nil
	}
	return nil, fmt.Errorf("host %s has no %s any more: run preflight again", h.name, t.name)
}

func switchSecurity(s types.HostVirtualSwitchSpec) *types.HostNetworkSecurityPolicy {
	if s.Policy == nil {
		return nil
	}
	return s.Policy.Security
}

func (s *hostState) effective() policy { return s.inEffect }

func (s *hostState) open(fields []field) opening {
	return opening{hostField, valuesOf(s.own, fields, hostSetting), accepting(fields), edit{fields: fields, security: accepting(fields).put(s.own)}}
}

func (s *hostState) restore(c platform.Change) (*edit, error) {
	before, after, err := valuesIn[policy](c)
	if err != nil {
		return nil, err
	}
	fields := keys(after)
	if len(fields) == 0 {
		fields = keys(before)
	}
	next := before.put(s.own)
	if before == nil {
		if next = policy(uniform[*bool](fields, nil)).put(s.own); *next == (types.HostNetworkSecurityPolicy{}) {
			next = nil // it held none: a policy that says nothing goes
		}
	}
	switch now := valuesOf(s.own, fields, hostSetting); {
	case reflect.DeepEqual(s.own, next):
		return nil, nil
	case !maps.EqualFunc(now, after, same):
		return nil, moved(c, now)
	}
	return &edit{fields: fields, security: next, back: true}, nil
}

// holds takes no policy for one that says nothing.
func (s *hostState) holds(e *edit) bool {
	return reflect.DeepEqual(securityPolicy(s.own), securityPolicy(e.security))
}

func (s *hostState) send(ctx context.Context, l *login, e *edit) (*object.Task, error) {
	if s.host.networkSystem == nil {
		return nil, fmt.Errorf("host %s shows no network system: %w", s.host.name, errUnreadable)
	}
	system := object.NewHostNetworkSystem(l.client, *s.host.networkSystem)
	if s.kind == isPortGroup {
		spec := s.host.portGroup(s.name).Spec
		spec.Policy.Security = e.security
		return nil, system.UpdatePortGroup(ctx, spec.Name, spec)
	}
	vs := s.host.vSwitch(s.name)
	if vs.Spec.Policy == nil {
		vs.Spec.Policy = &types.HostNetworkPolicy{}
	}
	vs.Spec.Policy.Security = e.security
	return nil, system.UpdateVirtualSwitch(ctx, vs.Name, vs.Spec)
}
