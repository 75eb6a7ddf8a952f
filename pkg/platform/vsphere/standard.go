package vsphere

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// writeStandard changes a host's port group or switch: the whole spec as it is now, with the settings of the
// change set in it. The host holds no version that could guard it, so it is read just before, alone.
func (a *Adapter) writeStandard(ctx context.Context, j *job) error {
	sent := false
	err := j.v.do(ctx, func(ctx context.Context, s *login) error {
		h, err := s.hostNow(ctx, j.target)
		if err != nil {
			return err
		}
		current, effective, err := j.target.policies(h)
		if err != nil {
			return err
		}
		j.written = nil
		next, err := j.edit(current, effective)
		if err != nil || j.written == nil {
			return err
		}
		if h.networkSystem == nil {
			return fmt.Errorf("host %s shows no network system: %w", h.name, errUnreadable)
		}
		sent = true
		return j.target.send(ctx, s, h, next)
	})
	return j.failure(err, sent)
}

var errCloses = errors.New("a plan only opens settings: take them back with a revert")

var errUnreadable = errors.New("look at the user's privileges on it, and run preflight again")

// hostNow is a host as it is now.
type hostNow struct {
	host
	networkSystem *ref
}

// hostNow reads the host of a target, and of its network no more than is needed.
func (s *login) hostNow(ctx context.Context, t target) (*hostNow, error) {
	paths := []string{"name", "configManager.networkSystem", "config.network.portgroup"}
	if t.kind == isVSwitch {
		paths[2] = "config.network.vswitch"
	}
	objects, err := s.objects(ctx, []ref{t.ref}, types.PropertySpec{Type: "HostSystem", PathSet: paths})
	if err != nil {
		return nil, err
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("host %s is gone: run preflight again", t.ref.Value)
	}
	o := objects[0]
	h := &hostNow{host: host{entity: newEntity(o)}}
	o.MissingSet = nil
	var m mo.HostSystem
	if err := mo.LoadObjectContent([]types.ObjectContent{o}, &m); err != nil {
		return nil, fmt.Errorf("reading host %s: %w", t.ref.Value, err)
	}
	h.networkSystem = m.ConfigManager.NetworkSystem
	if gap, held := h.lacks("config.network"); held {
		return nil, fmt.Errorf("the network of host %s may not be read (privilege %s): %w", h.name, gap.privilege, errUnreadable)
	}
	if m.Config != nil && m.Config.Network != nil {
		h.groups, h.switches = m.Config.Network.Portgroup, m.Config.Network.Vswitch
	}
	return h, nil
}

// policies are the target's own policy on a host, and what is in effect there.
func (t target) policies(h *hostNow) (own *types.HostNetworkSecurityPolicy, effective policy, err error) {
	if t.kind == isPortGroup {
		if pg := h.portGroup(t.name); pg != nil {
			return pg.Spec.Policy.Security, securityPolicy(pg.ComputedPolicy.Security), nil
		}
	} else if vs := h.vSwitch(t.name); vs != nil {
		own = switchSecurity(vs.Spec)
		return own, securityPolicy(own), nil
	}
	return nil, nil, fmt.Errorf("host %s has no %s any more: run preflight again", h.name, t.name)
}

// send writes the target's spec with its security policy replaced: next is nil where there was none.
func (t target) send(ctx context.Context, s *login, h *hostNow, next *types.HostNetworkSecurityPolicy) error {
	if t.kind == isPortGroup {
		spec := h.portGroup(t.name).Spec
		spec.Policy.Security = next
		_, err := methods.UpdatePortGroup(ctx, s.client, &types.UpdatePortGroup{This: *h.networkSystem, PgName: spec.Name, Portgrp: spec})
		return err
	}
	vs := h.vSwitch(t.name)
	spec := vs.Spec
	changed := types.HostNetworkPolicy{}
	if spec.Policy != nil {
		changed = *spec.Policy
	}
	changed.Security = next
	spec.Policy = &changed
	_, err := methods.UpdateVirtualSwitch(ctx, s.client, &types.UpdateVirtualSwitch{This: *h.networkSystem, VswitchName: vs.Name, Spec: spec})
	return err
}

// edit is the policy to write. j.written stays nil where nothing needs to be.
func (j *job) edit(current *types.HostNetworkSecurityPolicy, effective policy) (*types.HostNetworkSecurityPolicy, error) {
	after, err := decode[hostValue](j.change.After)
	if err != nil {
		return nil, err
	}
	if j.revert {
		return j.editBack(current, after)
	}
	var fields []field
	for _, f := range after.fields() {
		if after[f] == nil || !*after[f] {
			return nil, fmt.Errorf("%s: %w", j.change.Target, errCloses)
		}
		if !effective.accepts(f) {
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 { // another did it meanwhile
		return nil, j.asItIs(hostValueOf(current, after.fields()))
	}
	next := accepting(fields).put(current)
	if err := j.holding(hostValueOf(current, fields), accepting(fields)); err != nil {
		return nil, err
	}
	j.written = &hostExpectation{j.target, next, fields, true}
	return next, nil
}

// editBack is the policy with Before's settings in it, if After's still stand.
func (j *job) editBack(current *types.HostNetworkSecurityPolicy, after hostValue) (*types.HostNetworkSecurityPolicy, error) {
	before, err := decode[hostValue](j.change.Before)
	if err != nil {
		return nil, err
	}
	fields := after.fields()
	if len(fields) == 0 {
		fields = before.fields()
	}
	next := without(current, fields)
	if before != nil {
		next = before.put(current)
	}
	switch now := hostValueOf(current, fields); {
	case current == nil && next == nil, current != nil && next != nil && *asValue(current) == *asValue(next):
		return nil, nil // it stands already
	case !now.equal(after):
		return nil, j.moved(now)
	}
	j.written = &hostExpectation{j.target, next, fields, false}
	return next, nil
}

// values is a policy that can be compared with ==.
type values struct{ forged, promiscuous, macChanges string }

func asValue(s *types.HostNetworkSecurityPolicy) *values {
	text := func(b *bool) string {
		if b == nil {
			return "inherited"
		}
		return fmt.Sprint(*b)
	}
	if s == nil {
		s = &types.HostNetworkSecurityPolicy{}
	}
	return &values{text(s.ForgedTransmits), text(s.AllowPromiscuous), text(s.MacChanges)}
}

// hostExpectation is a port group's or switch's own policy, and the settings that must then be in effect.
type hostExpectation struct {
	target    target
	next      *types.HostNetworkSecurityPolicy
	fields    []field
	accepting bool
}

func (e *hostExpectation) holds(now seen) (json.RawMessage, error) {
	if now.host == nil {
		return nil, errors.New("its host cannot be read")
	}
	own, effective, err := e.target.policies(now.host)
	if err != nil {
		return nil, err
	}
	value, err := encode(hostValueOf(own, e.fields))
	if err != nil {
		return nil, err
	}
	if *asValue(own) != *asValue(e.next) {
		return value, fmt.Errorf("host %s holds %s", now.host.name, value)
	}
	if i := slices.IndexFunc(e.fields, func(f field) bool { return !effective.accepts(f) }); e.accepting && i >= 0 {
		return value, fmt.Errorf("on host %s %s still rejected", now.host.name, e.fields[i].words().is)
	}
	return value, nil
}
