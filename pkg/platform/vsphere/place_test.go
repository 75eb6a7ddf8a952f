package vsphere

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// dvInventory is a vCenter of one distributed port group, which accepts everything, with a node on it.
func dvInventory(hosts ...*host) *group {
	yes := types.NewBool(true)
	dvs := ref{Type: "VmwareDistributedVirtualSwitch", Value: "dvs-1"}
	inv := &inventory{
		vcenter: &vcenter{name: "vc"}, hosts: map[ref]*host{},
		switches: map[ref]*dvSwitch{dvs: {entity: entity{name: "DVS0"}, uuid: "u", version: "8.0.2", uplinks: 4}},
	}
	for _, h := range hosts {
		inv.hosts[h.ref] = h
	}
	config := types.DVPortgroupConfigInfo{Key: "pg-1", DistributedVirtualSwitch: &dvs, DefaultPortConfig: &types.VMwareDVSPortSetting{
		MacManagementPolicy: &types.DVSMacManagementPolicy{AllowPromiscuous: yes, MacChanges: yes, ForgedTransmits: yes},
	}}
	network := ref{Type: "DistributedVirtualPortgroup", Value: "pg-1"}
	inv.groups = map[ref]*dvPortGroup{network: {entity: entity{ref: network, name: "PG"}, config: config}}
	g := newGroup(inv, network, &vm{})
	g.members = []member{{platform.Attachment{Router: router}, &vm{}}}
	g.fill()
	return g
}

func audited(g *group) []finding.Finding {
	u := &audit{options: Options{Require: RequireMinimal}, inventories: []*inventory{g.inv}, groups: []*group{g}}
	u.judge()
	return u.findings
}

// A distributed switch's uplinks are the adapters that its hosts gave it; its named ones only where no host
// says.
func TestUplinksOfADistributedSwitch(t *testing.T) {
	proxy := func(value string, pnics ...string) *host {
		return &host{entity: entity{ref: ref{Type: "HostSystem", Value: value}, name: value}, proxies: []types.HostProxySwitch{{DvsUuid: "u", Pnic: pnics}}}
	}
	for _, test := range []struct {
		name  string
		hosts []*host
		want  string
	}{
		{"named", nil, "4 uplinks"},
		{"one each", []*host{proxy("a", "vmnic0"), proxy("b", "vmnic0")}, ""},
		{"two on a host", []*host{proxy("a", "vmnic0"), proxy("b", "vmnic0", "vmnic1")}, "2 uplinks"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := of(t, audited(dvInventory(test.hosts...)), finding.Duplicates)
			if (f.Code == "") != (test.want == "") || !strings.Contains(f.Message, test.want) {
				t.Errorf("got %+v, want %q", f, test.want)
			}
		})
	}
}

// The hosts' own adapters on a distributed port group are named too.
func TestVMkernelOnADistributedPortGroup(t *testing.T) {
	for key, want := range map[string]bool{"pg-1": true, "pg-2": false} {
		h := &host{vmkernels: []types.HostVirtualNic{{}, {Spec: types.HostVirtualNicSpec{
			DistributedVirtualPort: &types.DistributedVirtualSwitchPortConnection{PortgroupKey: key},
		}}}}
		f := of(t, audited(dvInventory(h)), finding.OtherVMs)
		if got := strings.Contains(f.Message, "port group PG carries VMkernel adapters of the hosts themselves"); got != want {
			t.Errorf("%s: got %+v", key, f)
		}
	}
}

// A host that vCenter has no configuration of may reject: that is an error, and blocked.
func TestHostWithoutConfiguration(t *testing.T) {
	at := ref{Type: "ClusterComputeResource", Value: "domain-1"}
	hostRef := ref{Type: "HostSystem", Value: "host-1"}
	name := ref{Type: "Network", Value: "network-1"}
	inv := &inventory{
		vcenter: &vcenter{name: "vc"}, networks: map[ref]*network{name: {entity: entity{ref: name, name: vmNetwork}}},
		hosts: map[ref]*host{hostRef: {entity: entity{ref: hostRef, name: "esx-1"}, parent: &at}},
	}
	g := newGroup(inv, name, &vm{host: hostRef})
	g.members = []member{{platform.Attachment{Router: router}, &vm{host: hostRef}}}
	g.fill()
	f := of(t, audited(g), finding.HostsDiffer)
	if f.Level != finding.Error || f.Message != "unknown, because vCenter has no configuration of it: host esx-1" {
		t.Errorf("got %+v", f)
	}
}

// The hosts of a cluster are known by what they say too, where the cluster itself may not be read.
func TestClusterThatIsNotShown(t *testing.T) {
	w := start(t, standardInventory(), Options{})
	w.HideObject("ClusterComputeResource", "DC0_C0")
	if p := w.plan(w.Nodes(1)...); len(p.Changes) != 3 {
		t.Errorf("got %+v", p.Changes)
	}
}
