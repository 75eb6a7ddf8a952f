package vsphere

import (
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// field is a switch's setting, in the API's name.
type field string

// The settings that a macvlan interface may need.
const (
	forged      field = "forgedTransmits"
	promiscuous field = "allowPromiscuous"
	macChanges  field = "macChanges"
	learning    field = "macLearning"
)

// allFields are the settings of a MAC management policy.
func allFields() []field { return []field{forged, promiscuous, macChanges, learning} }

// words is what a field is called by people and by tools. MAC learning has no tool.
type words struct {
	// name is as in the vSphere client; withVerb has the verb after it.
	name, withVerb string
	code           finding.Code
	// effect says what follows where the field is rejected, and reason what it is changed for.
	effect, reason string
	// govc, esxcli and powerCLI are the flags of the tools.
	govc, esxcli, powerCLI string
}

func (f field) words() words {
	return map[field]words{
		forged: {
			name: "forged transmits", withVerb: "forged transmits are", code: finding.ForgedTransmits,
			effect: "the router's frames leave with net1's own MAC, and the switch drops what does not have the vNIC's",
			reason: "net1's frames leave with a MAC that is not the vNIC's (forged transmits)",
			govc:   "-forged-transmits", esxcli: "--allow-forged-transmits", powerCLI: "-ForgedTransmits",
		},
		promiscuous: {
			name: "promiscuous mode", withVerb: "promiscuous mode is", code: finding.Promiscuous,
			effect: "frames for net1's MAC are not delivered to the node: the switch delivers the vNIC's own alone, unless it may be promiscuous or learns MACs",
			reason: "frames for net1's MAC must be delivered (promiscuous mode)",
			govc:   "-allow-promiscuous", esxcli: "--allow-promiscuous", powerCLI: "-AllowPromiscuous",
		},
		macChanges: {
			name: "MAC address changes", withVerb: "MAC address changes are", code: finding.MACChanges,
			effect: "OpenShift's documentation asks for MAC address changes, though a macvlan interface leaves the vNIC's MAC as it is",
			reason: "OpenShift's documentation asks for MAC address changes",
			govc:   "-mac-changes", esxcli: "--allow-mac-change", powerCLI: "-MacChanges",
		},
		learning: {name: "MAC learning", withVerb: "MAC learning is", reason: "frames for net1's MAC must be delivered (MAC learning)"},
	}[f]
}
