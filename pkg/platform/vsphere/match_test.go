package vsphere

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

const (
	biosUUID    = "423c8f10-5d2a-4e1b-9f00-a1b2c3d4e5f6"
	swappedUUID = "108f3c42-2a5d-1b4e-9f00-a1b2c3d4e5f6"
)

func TestSwapped(t *testing.T) {
	for in, want := range map[string]string{biosUUID: swappedUUID, swappedUUID: biosUUID, "": "", "423c8f10": "", strings.Repeat("-", 36): ""} {
		if got := swapped(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// The ways are tried in their order, and the first that hits decides.
func TestFindVM(t *testing.T) {
	machineOf := func(name, uuid, instance, hostName string) *vm {
		return &vm{entity: entity{name: name, ref: ref{Type: "VirtualMachine", Value: name}}, uuid: uuid, instanceUUID: instance, hostName: hostName}
	}
	bios, other := machineOf("bios", biosUUID, "", ""), machineOf("other", swappedUUID, "", "")
	instance, guest, named := machineOf("instance", "1", biosUUID, ""), machineOf("guest", "2", "", "worker-1.example.com"), machineOf("Worker-1", "3", "", "")
	template := machineOf("worker-1", biosUUID, biosUUID, "worker-1")
	template.template = true
	provider := platform.Node{Name: "worker-1", ProviderID: "vsphere://" + strings.ToUpper(biosUUID)}
	system := platform.Node{Name: "worker-1", SystemUUID: swappedUUID}
	names := platform.Node{Name: "worker-1", Hostname: "worker-1.example.com"}
	for _, test := range []struct {
		name string
		node platform.Node
		vms  []*vm
		want string
		err  string
	}{
		{"BIOS UUID, in upper case", provider, []*vm{named, guest, instance, other, bios}, "bios", ""},
		{"BIOS UUID swapped", provider, []*vm{named, guest, instance, other}, "other", ""},
		{"system UUID in either order", system, []*vm{named, guest, instance, bios}, "bios", ""},
		{"system UUID, one of each order", system, []*vm{bios, other}, "", "several virtual machines have its system UUID (" + swappedUUID + "): bios, other"},
		{"instance UUID", provider, []*vm{named, guest, instance}, "instance", ""},
		{"guest host name", names, []*vm{named, guest}, "guest", ""},
		{"name", names, []*vm{template, named}, "Worker-1", ""},
		{"twice", provider, []*vm{bios, machineOf("clone", biosUUID, "", "")}, "", "several virtual machines have its BIOS UUID (vsphere://" + strings.ToUpper(biosUUID) + "): bios, clone"},
		{"another cloud's ID", platform.Node{Name: "x", ProviderID: "openstack:///" + biosUUID}, []*vm{bios}, "", `no virtual machine has its UUID or name (provider ID "openstack:///` + biosUUID + `", system UUID "")`},
		{"empty values match nothing", platform.Node{}, []*vm{machineOf("", "", "", "")}, "", `no virtual machine has its UUID or name (provider ID "", system UUID "")`},
	} {
		t.Run(test.name, func(t *testing.T) {
			hit, err := findVM(machines([]*inventory{{vms: test.vms}}), test.node)
			switch {
			case test.err != "" && (err == nil || strings.ReplaceAll(err.Error(), "vsphere://", "") != strings.ReplaceAll(test.err, "vsphere://", "")):
				t.Errorf("got %v, want %s", err, test.err)
			case test.err == "" && (err != nil || hit.vm.name != test.want):
				t.Errorf("got %+v, %v, want %s", hit.vm, err, test.want)
			}
		})
	}
}

// Two vCenters: a node is found in either, and one that both have is refused.
func TestSeveralVCenters(t *testing.T) {
	one, two := start(t, distributedInventory(), Options{}), start(t, distributedInventory(), Options{})
	a := newAdapter(t, Options{}, credentialsOf(one.Server), credentialsOf(two.Server))
	must(t, two.EditVM(machine(0), func(c *types.VirtualMachineConfigInfo, g *types.GuestInfo) {
		c.Uuid, c.InstanceUuid, g.HostName = biosUUID, "", "only-in-two"
	}))
	node := platform.Node{Name: "only-in-two", ProviderID: "vsphere://" + biosUUID}
	p, err := a.Plan(t.Context(), append(need(one.Nodes(1)...), need(node)...))
	must(t, err)
	where := "vCenter " + a.vcenters[0].name + " as administrator@vsphere.local, vCenter " + a.vcenters[1].name + " as administrator@vsphere.local"
	if p.Where != where {
		t.Errorf("got %s, want %s", p.Where, where)
	}
	two.ResetCalls()
	one.ResetCalls()
	must(t, a.Apply(t.Context(), p, nil))
	if one.Count("ReconfigureDVPortgroup_Task") != 1 || two.Count("ReconfigureDVPortgroup_Task") != 1 {
		t.Errorf("%+v\n%v\n%v", p.Findings, one.Calls(), two.Calls())
	}
	alone := newAdapter(t, Options{}, credentialsOf(one.Server))
	err = alone.Revert(t.Context(), p.Changes, nil)
	if err == nil || one.Count("ReconfigureDVPortgroup_Task") != 2 {
		t.Errorf("got %v: a change of a vCenter without credentials must be refused, the other made", err)
	}
}

func TestTargets(t *testing.T) {
	for _, want := range []target{
		{"vc.example.com", isPortGroup, ref{Type: "HostSystem", Value: "host-12"}, "a/b VLAN 5%"},
		{"127.0.0.1:443", isVSwitch, ref{Type: "HostSystem", Value: "host-12"}, "vSwitch0"},
		{"vc", isDVPG, ref{Type: "DistributedVirtualPortgroup", Value: "dvportgroup-9"}, ""},
	} {
		if got, err := parseTarget(want.String()); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", want, got, err)
		}
	}
	for _, id := range []string{"", "1f0c2b9e-9d0e-4b9c-b5a5-5b1f6d8c0001", "vsphere://vc/Folder/x", "vsphere://vc/HostSystem/h/other/x", "vsphere://vc/HostSystem/%zz/vswitch/x"} {
		if got, err := parseTarget(id); err == nil {
			t.Errorf("%s: got %+v", id, got)
		}
	}
}
