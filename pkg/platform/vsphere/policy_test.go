package vsphere

import (
	"fmt"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

// All that --require asks for, against every mix of settings: + accepted, - rejected, ? unknown.
func TestJudge(t *testing.T) {
	value := map[rune]*bool{'+': types.NewBool(true), '-': types.NewBool(false), '?': nil}
	for settings, want := range map[string][2]string{ // forged, promiscuous, MAC changes, learning
		"++++": {"[] []", "[] []"},
		"++--": {"[] []", "[macChanges] []"},
		"+--+": {"[] []", "[allowPromiscuous macChanges] []"},
		"+---": {"[allowPromiscuous] []", "[allowPromiscuous macChanges] []"},
		"----": {"[forgedTransmits allowPromiscuous] []", "[forgedTransmits allowPromiscuous macChanges] []"},
		"???-": {"[] [forgedTransmits allowPromiscuous]", "[] [forgedTransmits allowPromiscuous macChanges]"},
		"+??+": {"[] []", "[] [allowPromiscuous macChanges]"},
		"-?+?": {"[forgedTransmits] [allowPromiscuous]", "[forgedTransmits] [allowPromiscuous]"},
	} {
		p := policy{}
		for i, f := range []field{forged, promiscuous, macChanges, learning} {
			p[f] = value[rune(settings[i])]
		}
		for i, require := range []string{RequireMinimal, RequireDocs} {
			v := Options{Require: require}.judge(p)
			if got := fmt.Sprint(v.rejected, v.unknown); got != want[i] {
				t.Errorf("%s %s: got %s, want %s", settings, require, got, want[i])
			}
		}
	}
}

// The two policies of a distributed port group may disagree: the newer holds, and it is said.
func TestPoliciesDisagree(t *testing.T) {
	yes, no := types.NewBool(true), types.NewBool(false)
	w := start(t, fakevcenter.Options{Hosts: 1, VMs: 1, PortGroups: 1}, Options{})
	must(t, w.SetDVPolicy(dvpg0, types.VMwareDVSPortSetting{
		MacManagementPolicy: &types.DVSMacManagementPolicy{AllowPromiscuous: yes, MacChanges: yes, ForgedTransmits: yes},
		SecurityPolicy: &types.DVSSecurityPolicy{
			AllowPromiscuous: &types.BoolPolicy{Value: no}, MacChanges: &types.BoolPolicy{Value: yes}, ForgedTransmits: &types.BoolPolicy{Value: no},
		},
	}))
	p := w.plan(w.Nodes(1)...)
	want := "port group DC0_DVPG0: macManagementPolicy and the older securityPolicy differ in promiscuous mode, forged transmits: the former is taken to hold"
	if len(p.Changes) != 0 || len(p.Notes) != 2 || p.Notes[1] != want {
		t.Errorf("got %+v, %q", p.Changes, p.Notes)
	}
}

// A port group that a host itself uses is told by its ports.
func TestPlaceOfVMkernel(t *testing.T) {
	for kind, want := range map[string]bool{"host": true, "virtualMachine": false, "systemManagement": false} {
		h := &host{switches: []types.HostVirtualSwitch{{Name: "vSwitch0", Pnic: []string{"a", "b"}}}}
		p := h.place(&types.HostPortGroup{Spec: types.HostPortGroupSpec{VswitchName: "vSwitch0"}, Port: []types.HostPortGroupPort{{Type: kind}}})
		if p.kernel != want || p.uplinks != 2 {
			t.Errorf("%s: got %+v", kind, p)
		}
	}
}

// Inventory names have / and % escaped, the host's own have not.
func TestSameName(t *testing.T) {
	for names, want := range map[[2]string]bool{
		{"VM Network", "VM Network"}: true, {"a/b", "a%2fb"}: true, {"50%", "50%25"}: true, {"a", "b"}: false, {"a%zz", "a%zz"}: true,
	} {
		if got := sameName(names[0], names[1]); got != want {
			t.Errorf("%v: got %t", names, got)
		}
	}
}
