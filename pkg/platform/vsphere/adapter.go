// Package vsphere lets an egress router's frames through vSphere's virtual switches: it finds the security
// policy that is in effect for every node, on every host that the node could run on, and changes the least.
package vsphere

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Platform is what this adapter is for.
func Platform() platform.Platform {
	return platform.Platform{Name: "vsphere", Title: "vSphere", Infrastructure: "VSphere", Schemes: []string{"vsphere"}, Blanket: true}
}

// What --require asks for.
const (
	// RequireMinimal is what a macvlan interface needs: forged transmits, and promiscuous mode unless MAC
	// learning is on.
	RequireMinimal = "minimal"
	// RequireDocs is what OpenShift's documentation names: promiscuous mode, MAC address changes and forged
	// transmits. MAC learning is not counted.
	RequireDocs = "docs"
)

// Where --scope changes a standard switch.
const (
	// ScopePortGroup changes the nodes' port group alone.
	ScopePortGroup = "portgroup"
	// ScopeVSwitch changes the switch, and so every port group on it that inherits.
	ScopeVSwitch = "vswitch"
)

const defaultConcurrency = 8

// Options say what to ask of the switches. The zero value is the least.
type Options struct {
	// Run is how preflight is run again, for the commands of findings.
	Run finding.Run
	// Require is RequireMinimal, the default, or RequireDocs.
	Require string
	// Scope is ScopePortGroup, the default, or ScopeVSwitch.
	Scope string
	// UseMACLearning turns MAC learning on instead of promiscuous mode, where the switch has it.
	UseMACLearning bool
	// Concurrency is how many hosts or port groups are changed at a time; 0 is 8.
	Concurrency int
	// Log hears what is read and written, a line each, from several goroutines; nil for nobody. It never
	// hears a secret.
	Log func(format string, args ...any)
}

func (o Options) complete() (Options, error) {
	o.Require, o.Scope = cmp.Or(o.Require, RequireMinimal), cmp.Or(o.Scope, ScopePortGroup)
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	switch {
	case o.Require != RequireMinimal && o.Require != RequireDocs:
		return o, fmt.Errorf("--require=%s is neither %s nor %s", o.Require, RequireMinimal, RequireDocs)
	case o.Scope != ScopePortGroup && o.Scope != ScopeVSwitch:
		return o, fmt.Errorf("--scope=%s is neither %s nor %s", o.Scope, ScopePortGroup, ScopeVSwitch)
	case o.UseMACLearning && o.Require == RequireDocs:
		return o, errors.New("--use-mac-learning does not give what --require=docs asks for: leave one of them out")
	}
	return o, nil
}

// Adapter is the vCenters of a cluster.
type Adapter struct {
	options  Options
	vcenters []*vcenter
}

var _ platform.Adapter = (*Adapter)(nil)

// New makes an adapter for the vCenters of creds. It connects when it is first used. The errors are of the
// user's input.
func New(creds []Credentials, o Options) (*Adapter, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if len(creds) == 0 {
		return nil, errNoVCenter
	}
	a := &Adapter{options: o}
	for _, c := range creds {
		v, err := newVCenter(c, o.Log)
		if err != nil {
			return nil, err
		}
		if a.vcenter(v.name) != nil {
			return nil, fmt.Errorf("vCenter %s is named twice", v.name)
		}
		a.vcenters = append(a.vcenters, v)
	}
	return a, nil
}

// Where says who would write, and where, in a line. No secret is in it.
func (a *Adapter) Where() string {
	return strings.Join(collect.Map(a.vcenters, func(v *vcenter) string {
		return fmt.Sprintf("vCenter %s as %s", v.name, cmp.Or(v.credentials.Username, "the user of the kept session"))
	}), ", ")
}

// Close logs out of every vCenter, or leaves the session to the next run where it is kept.
func (a *Adapter) Close(ctx context.Context) error {
	return errors.Join(collect.Map(a.vcenters, func(v *vcenter) error { return v.close(ctx) })...)
}

// vcenter is the one of a name, or nil.
func (a *Adapter) vcenter(name string) *vcenter {
	if i := slices.IndexFunc(a.vcenters, func(v *vcenter) bool { return v.name == name }); i >= 0 {
		return a.vcenters[i]
	}
	return nil
}
