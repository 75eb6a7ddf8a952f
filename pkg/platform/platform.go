// Package platform holds what every infrastructure adapter shares: where a router's frames leave from
// (Attachment), what must change to let them through (Plan, Change), and who changes it (Adapter).
package platform

import (
	"context"
	"encoding/json"
	"net/netip"
)

// Attachment is one place that a router's frames leave from: its net1 on one node.
type Attachment struct {
	// Router is namespace/name, or what the user typed where there is no router yet.
	Router string `json:"router"`
	Node   Node   `json:"node"`
	// IP is the reserved address with the prefix length of its subnet.
	IP netip.Prefix `json:"ip"`
	// MAC is net1's, in lower case with colons; empty where no pod runs and none was fixed.
	MAC string `json:"mac,omitempty"`
}

// Node is what a platform knows a node by.
type Node struct {
	Name string `json:"name"`
	// ProviderID is the node's spec.providerID, such as openstack:///<server> or vsphere://<uuid>.
	ProviderID string `json:"providerID,omitempty"`
	// Addresses are the node's own IP addresses.
	Addresses []netip.Addr `json:"addresses,omitempty"`
}

// Change is one value of one target that must become another.
type Change struct {
	// Target is what is changed, as a person would name it: "port 1f0c... (worker-1)".
	Target string `json:"target"`
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

// Plan is the Changes that make a platform let Attachments through. The zero Plan changes nothing.
type Plan struct {
	// Platform is openstack or vsphere.
	Platform string   `json:"platform"`
	Changes  []Change `json:"changes"`
}

// Invert is the plan that takes p back: last change first, each value swapped. The versions are gone,
// since carrying p out has moved them.
func (p Plan) Invert() Plan {
	inverse := Plan{Platform: p.Platform, Changes: make([]Change, 0, len(p.Changes))}
	for i := len(p.Changes) - 1; i >= 0; i-- {
		c := p.Changes[i]
		inverse.Changes = append(inverse.Changes, Change{
			Target: c.Target, Field: c.Field, Before: c.After, After: c.Before,
			Reason: "take back: " + c.Reason,
		})
	}
	return inverse
}

// Adapter is an infrastructure that must let an egress router's frames through.
type Adapter interface {
	// Plan compares what need asks for with what the platform allows now. It writes nothing.
	Plan(ctx context.Context, need []Attachment) (*Plan, error)
	// Apply carries a plan out. A change whose target has moved on since it was planned is
	// planned again, never forced. done is told of each change as it ends.
	Apply(ctx context.Context, plan *Plan, done func(Change, error)) error
}
