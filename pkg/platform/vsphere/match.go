package vsphere

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// found is a node's virtual machine, and the vCenter that it was found in.
type found struct {
	inv *inventory
	vm  *vm
	// lost is why there is none.
	lost error
}

// identity is a value that a node and a virtual machine may share: how to name it, the node's values, and
// the machine's.
type identity struct {
	name string
	node []string
	vm   func(*vm) string
}

// identities are the ways to know a node's virtual machine, surest first. Firmware writes the first three
// groups of a UUID in either byte order, by the hardware version.
func identities(n platform.Node) []identity {
	id, _ := strings.CutPrefix(n.ProviderID, "vsphere://")
	if id == n.ProviderID {
		id = ""
	}
	uuid := func(v *vm) string { return v.uuid }
	return []identity{
		{"BIOS UUID", []string{id}, uuid},
		{"BIOS UUID in the other byte order", []string{swapped(id)}, uuid},
		{"system UUID", []string{n.SystemUUID, swapped(n.SystemUUID)}, uuid},
		{"instance UUID", []string{id, n.SystemUUID}, func(v *vm) string { return v.instanceUUID }},
		{"guest host name", []string{n.Hostname, n.Name}, func(v *vm) string { return v.hostName }},
		{"name", []string{n.Name, n.Hostname}, func(v *vm) string { return v.name }},
	}
}

// machines are the virtual machines of all vCenters.
func machines(inventories []*inventory) []found {
	return collect.Flat(inventories, func(inv *inventory) []found {
		return collect.Map(inv.vms, func(v *vm) found { return found{inv: inv, vm: v} })
	})
}

// findVM is the node's virtual machine among all. The error is what EGR401 says: none, or several.
func findVM(all []found, n platform.Node) (found, error) {
	for _, by := range identities(n) {
		values := map[string]bool{}
		for _, value := range by.node {
			values[strings.ToLower(value)] = value != ""
		}
		switch hits := collect.Filter(all, func(h found) bool { return !h.vm.template && values[strings.ToLower(by.vm(h.vm))] }); len(hits) {
		case 0:
			continue
		case 1:
			return hits[0], nil
		default:
			return found{}, fmt.Errorf("several virtual machines have its %s (%s): %s", by.name, cmp.Or(by.node...), folded(collect.Map(hits, func(h found) string { return h.vm.name })))
		}
	}
	unread := collect.Filter(all, func(h found) bool { _, held := h.vm.lacks("config"); return held })
	if len(unread) > 0 {
		return found{}, fmt.Errorf("no virtual machine has its UUID or name, and %d could not be read", len(unread))
	}
	return found{}, fmt.Errorf("no virtual machine has its UUID or name (provider ID %q, system UUID %q)", n.ProviderID, n.SystemUUID)
}

// swapped is a UUID with the bytes of its first three groups the other way round; empty for what is none.
func swapped(uuid string) string {
	groups := strings.Split(uuid, "-")
	if len(uuid) != 36 || len(groups) != 5 {
		return ""
	}
	for i, g := range groups[:3] {
		var b strings.Builder
		for j := len(g) - 2; j >= 0; j -= 2 {
			b.WriteString(g[j : j+2])
		}
		groups[i] = b.String()
	}
	return strings.Join(groups, "-")
}
