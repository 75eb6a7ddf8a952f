// Package platform holds what every infrastructure adapter shares: where a router's frames leave from
// (Attachment), what must change to let them through (Plan, Change), and who changes it (Adapter).
package platform

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// Attachment is one place that a router's frames leave from: its net1 on one node.
type Attachment struct {
	// Router is namespace/name, or what the user typed where there is no router yet.
	Router string `json:"router"`
	Node   Node   `json:"node"`
	// IP is the reserved address with the prefix length of its subnet; a full one (/32) where it is not known.
	IP netip.Prefix `json:"ip"`
	// MAC is net1's, in lower case with colons; empty where no pod runs and none was fixed.
	MAC string `json:"mac,omitempty"`
	// Active tells that the router's pod is on the node now; else it is one that it could be moved to.
	Active bool `json:"active"`
	// Named tells that whoever decides over addresses has named this very one for the router: by a grant, or by hand.
	Named bool `json:"named,omitempty"`
	// Destinations are the addresses that the router sends to.
	Destinations []netip.Addr `json:"destinations,omitempty"`
}

// Node is what a platform knows a node by.
type Node struct {
	Name string `json:"name"`
	// ProviderID is the node's spec.providerID, such as openstack:///<server> or vsphere://<uuid>.
	ProviderID string `json:"providerID,omitempty"`
	// SystemUUID is what the machine's firmware calls itself (status.nodeInfo.systemUUID).
	SystemUUID string `json:"systemUUID,omitempty"`
	// Hostname is the node's own name for itself, where it differs from Name.
	Hostname string `json:"hostname,omitempty"`
	// Addresses are the node's own IP addresses.
	Addresses []netip.Addr `json:"addresses,omitempty"`
}

// Change is one value of one target that must become another.
type Change struct {
	// ID is what the platform knows the target by, such as a port's UUID: enough to find it again for Apply
	// and Revert.
	ID string `json:"id"`
	// Target is what is changed, as a person would name it: "port 1f0c... (worker-1)".
	Target string `json:"target"`
	// Routers are those that the change is for, namespace/name.
	Routers []string `json:"routers,omitempty"`
	// Field is the target's field, in the platform's own name: "allowed_address_pairs".
	Field string `json:"field"`
	// Before and After are the whole value of Field, as JSON.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	// Reason says for which router, and why.
	Reason string `json:"reason"`
	// Version is the target's revision that the change was planned against; empty where it has none.
	Version string `json:"version,omitempty"`
	// Command is the openstack or govc command that would do the same.
	Command string `json:"command"`
}

// Answer says whether something holds: yes, no, or unknown where it could not be read.
type Answer string

// The answers. The zero value is Unknown's meaning too.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// Permission says whether a platform allows an Attachment's frames as things are, before the Plan.
type Permission struct {
	Router  string `json:"router"`
	Node    string `json:"node"`
	Allowed Answer `json:"allowed"`
	// Why is empty for Yes; else it names the cause in a few words, such as "EGR302: the pair is missing".
	Why string `json:"why,omitempty"`
}

// Plan is the Changes that make a platform let Attachments through, and what was found on the way. The
// zero Plan changes nothing.
type Plan struct {
	// Platform is the Name of one.
	Platform string   `json:"platform"`
	Changes  []Change `json:"changes"`
	// Where is the Adapter's.
	Where string `json:"-"`
	// Findings are what is wrong now, whether or not Changes fix it.
	Findings []finding.Finding `json:"-"`
	// Permissions hold one entry for each Attachment that was asked about.
	Permissions []Permission `json:"-"`
	// Notes are what a person should know of the plan and is no finding, a line each.
	Notes []string `json:"-"`
}

// Invert is the plan that takes p back: last change first, each value swapped. The versions are gone,
// since carrying p out has moved them.
func (p Plan) Invert() Plan {
	inverse := Plan{Platform: p.Platform, Where: p.Where, Changes: make([]Change, 0, len(p.Changes))}
	for i := len(p.Changes) - 1; i >= 0; i-- {
		c := p.Changes[i]
		inverse.Changes = append(inverse.Changes, Change{
			ID: c.ID, Target: c.Target, Routers: c.Routers, Field: c.Field, Before: c.After, After: c.Before,
			Reason: "take back: " + c.Reason,
		})
	}
	return inverse
}

// Adapter is an infrastructure that must let an egress router's frames through.
type Adapter interface {
	// Plan compares what need asks for with what the platform allows now. It writes nothing. What is wrong
	// with the platform is a finding; an error is only what keeps the whole plan from being made.
	Plan(ctx context.Context, need []Attachment) (*Plan, error)
	// Apply carries a plan out, several changes at a time. A change whose target has moved on since it was
	// planned is planned again, never forced. done is told of each change as it ends, one call at a time,
	// with the values that were really found and written; a nil error means that it stands. The error
	// returned says how many failed, or what stopped the whole.
	Apply(ctx context.Context, plan *Plan, done func(Change, error)) error
	// Revert puts back what Apply did: of each change, Before is set where After still stands, and refused
	// (ErrMoved, by done) where it does not. Where Before stands already, nothing is written and done hears nil.
	Revert(ctx context.Context, changes []Change, done func(Change, error)) error
	// Where says who would write, and where, in a line: cloud, project and user. No secret is in it.
	Where() string
	// Close logs out, where anybody is logged in.
	Close(ctx context.Context) error
}

// ErrCredentials is in the chain of errors of a platform that knows the user not, or not with that password: trying again
// and again can lock the account.
var ErrCredentials = errors.New("the credentials are refused")

// ErrMoved is the error of a Revert whose target no longer holds what was written.
var ErrMoved = errors.New("the value is no longer the one that was written")
