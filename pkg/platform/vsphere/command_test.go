package vsphere

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

// commands are the plan's, one below the other.
func (w *world) commands() string {
	var out []string
	for _, c := range w.plan(w.Nodes(1)...).Changes {
		out = append(out, c.Command)
	}
	return lines(out)
}

func TestCommands(t *testing.T) {
	no := false
	t.Run("standard", func(t *testing.T) {
		w := start(t, standardInventory(), Options{})
		must(t, w.SetHostPolicy(esx(0), vmNetwork, types.HostNetworkPolicy{}))
		must(t, w.SetHostPolicy(esx(1), vmNetwork, types.HostNetworkPolicy{Security: &types.HostNetworkSecurityPolicy{MacChanges: &no}}))
		must(t, w.SetHostPolicy(esx(2), vmNetwork, overridden(nil)))
		want := `# govc sends only what it is given: NIC teaming and shaping that this port group has overridden by then are dropped
govc host.portgroup.change -host DC0_C0_H0 -allow-promiscuous=true -forged-transmits=true 'VM Network'
# govc sends only what it is given: NIC teaming and shaping that this port group has overridden by then are dropped
govc host.portgroup.change -host DC0_C0_H1 -allow-promiscuous=true -mac-changes=false -forged-transmits=true 'VM Network'
# govc host.portgroup.change would drop this port group's own NIC teaming, shaping or offload policy on host DC0_C0_H2: esxcli keeps them
govc host.esxcli -host DC0_C0_H2 network vswitch standard portgroup policy security set --portgroup-name 'VM Network' --allow-promiscuous true --allow-forged-transmits true`
		if got := w.commands(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
	t.Run("switch", func(t *testing.T) {
		w := start(t, standardInventory(), Options{Scope: ScopeVSwitch, Require: RequireDocs})
		want := "govc host.esxcli -host DC0_C0_H0 network vswitch standard policy security set --vswitch-name vSwitch0 --allow-promiscuous true --allow-forged-transmits true --allow-mac-change true\n"
		if got := w.commands(); !strings.HasPrefix(got, want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
	t.Run("distributed", func(t *testing.T) {
		w := start(t, distributedInventory(), Options{UseMACLearning: true})
		want := `# govc has no command for the security policy of distributed port group DC0_DVPG0. In PowerCLI:
#   Get-VDPortgroup -Name 'DC0_DVPG0' | Get-VDSecurityPolicy | Set-VDSecurityPolicy -ForgedTransmits $true
#   MAC learning has no cmdlet: in the vSphere client, edit the port group's settings, Security, MAC learning: Enabled`
		if got := w.commands(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// A name is whatever someone typed: it stays one word of a shell, on one line.
func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"vSwitch0": "vSwitch0", "VM Network": "'VM Network'", "it's": `'it'"'"'s'`, "a\nrm -rf": `'a\nrm -rf'`, "": "''", "$(x)": "'$(x)'",
	} {
		if got := quoted(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	if got := shellComment("a\nb"); got != "# a\\nb\n" {
		t.Errorf("got %q", got)
	}
}
