package vcenter

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestAnswersComeInPages(t *testing.T) {
	s, c := start(t, Options{Hosts: 2, VMs: 4, PageSize: 3})
	objects := everything(t.Context(), t, c, "VirtualMachine", "name", "config.uuid", "guest.toolsVersion")
	var names []string
	for _, o := range objects {
		for _, p := range o.PropSet {
			if p.Val == nil {
				t.Errorf("%s has a property without a value: %s", o.Obj, p.Name)
			}
			if p.Name == "name" {
				names = append(names, p.Val.(string))
			}
		}
	}
	slices.Sort(names)
	same(t, "names", names, []string{
		"DC0_C0_RP0_VM0", "DC0_C0_RP0_VM1", "DC0_C0_RP0_VM2", "DC0_C0_RP0_VM3",
		"DC0_C0_RP0_VM4", "DC0_C0_RP0_VM5", "DC0_C0_RP0_VM6", "DC0_C0_RP0_VM7",
	})
	same(t, "calls", s.Calls(), []Call{
		{"CreateContainerView", "ViewManager"},
		{"RetrievePropertiesEx", "propertyCollector"},
		{"ContinueRetrievePropertiesEx", "propertyCollector"},
		{"ContinueRetrievePropertiesEx", "propertyCollector"},
	})
}

func TestHiddenPropertiesAreMissing(t *testing.T) {
	s, c := start(t, Options{Hosts: 2, PageSize: 1})
	s.Hide("HostSystem", "DC0_C0_H1", "config.network")
	read := func() map[string][]string {
		got := map[string][]string{}
		for _, o := range everything(t.Context(), t, c, "HostSystem", "name", "config.network.portgroup") {
			for _, p := range o.PropSet {
				got[s.nameOf(o.Obj)] = append(got[s.nameOf(o.Obj)], p.Name)
			}
			for _, p := range o.MissingSet {
				lack, ok := p.Fault.Fault.(*types.NoPermission)
				if !ok || *lack.Object != o.Obj || lack.PrivilegeId != "System.Read" {
					t.Errorf("%s of %s is missing for %+v", p.Path, o.Obj, p.Fault.Fault)
				}
				got[s.nameOf(o.Obj)] = append(got[s.nameOf(o.Obj)], "missing "+p.Path)
			}
		}
		return got
	}
	all := []string{"name", "config.network.portgroup"}
	same(t, "hidden", read(), map[string][]string{
		"DC0_C0_H0": all, "DC0_C0_H1": {"name", "missing config.network.portgroup"},
	})
	s.Restore()
	same(t, "restored", read(), map[string][]string{"DC0_C0_H0": all, "DC0_C0_H1": all})
	s.HideObject("HostSystem", "DC0_C0_H0")
	same(t, "an object", read(), map[string][]string{"DC0_C0_H1": all})
	s.Hide("HostSystem", "", "")
	same(t, "a kind", read(), map[string][]string{"DC0_C0_H1": {"missing name", "missing config.network.portgroup"}})
}

func TestReadsOfOneObjectAreHeldBackToo(t *testing.T) {
	s, c := start(t, Options{})
	s.Hide("HostSystem", "DC0_C0_H0", "config.product")
	must(t, s.SetHostVersion("DC0_C0_H0", "6.7.0"))
	ref, err := s.find("HostSystem", "DC0_C0_H0")
	must(t, err)
	read := func() types.ObjectContent {
		answer, err := methods.RetrieveProperties(t.Context(), c, &types.RetrieveProperties{
			This: c.ServiceContent.PropertyCollector,
			SpecSet: []types.PropertyFilterSpec{{
				PropSet:   []types.PropertySpec{{Type: "HostSystem", PathSet: []string{"name", "config.product.version"}}},
				ObjectSet: []types.ObjectSpec{{Obj: ref}},
			}},
		})
		must(t, err)
		return answer.Returnval[0]
	}
	held := read()
	if len(held.PropSet) != 1 || len(held.MissingSet) != 1 || held.MissingSet[0].Path != "config.product.version" {
		t.Errorf("hidden: got %s", dump(t, held))
	}
	s.Restore()
	same(t, "restored", read().PropSet, []types.DynamicProperty{{Name: "name", Val: "DC0_C0_H0"}, {Name: "config.product.version", Val: "6.7.0"}})
}

func TestReadsNeedASession(t *testing.T) {
	s, c := start(t, Options{PortGroups: 1})
	must(t, c.Logout(t.Context()))
	ref, err := s.find("DistributedVirtualPortgroup", "DC0_DVPG0")
	must(t, err)
	if err := c.RetrieveOne(t.Context(), ref, []string{"name"}, nil); !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("without a session: got %v", err)
	}
	current, err := c.SessionManager.UserSession(t.Context())
	if err != nil || current != nil {
		t.Errorf("asking whether there is a session: got %v, %v", current, err)
	}
}

func TestTheDistributedSwitchIsVMwares(t *testing.T) {
	s, c := start(t, Options{Hosts: 2, PortGroups: 1})
	must(t, s.SetDVUplinks("DC0_C0_H1", 3))
	var switches []mo.VmwareDistributedVirtualSwitch
	must(t, mo.LoadObjectContent(everything(t.Context(), t, c, "VmwareDistributedVirtualSwitch", "name", "uuid", "summary", "config.uplinkPortPolicy"), &switches))
	if len(switches) != 1 {
		t.Fatalf("there are %d switches", len(switches))
	}
	dvs := switches[0]
	same(t, "its group", dvpg(t, s, c, "DC0_DVPG0").DistributedVirtualSwitch, dvs.Self)
	same(t, "its version", dvs.Summary.ProductInfo.Version, version)
	same(t, "its uplinks", dvs.Config.GetDVSConfigInfo().UplinkPortPolicy, &types.DVSNameArrayUplinkPortPolicy{
		UplinkPortName: []string{"Uplink 1", "Uplink 2", "Uplink 3", "Uplink 4"},
	})
	proxies := map[string][]string{}
	for _, name := range []string{"DC0_C0_H0", "DC0_C0_H1"} {
		for _, proxy := range host(t, s, c, name).Config.Network.ProxySwitch {
			if proxy.DvsUuid != dvs.Uuid {
				t.Errorf("%s is in the switch %s", name, proxy.DvsUuid)
			}
			proxies[name] = append(proxies[name], proxy.Pnic...)
		}
	}
	same(t, "adapters", proxies, map[string][]string{
		"DC0_C0_H0": {"key-vim.host.PhysicalNic-vmnic1000"},
		"DC0_C0_H1": {"key-vim.host.PhysicalNic-vmnic1000", "key-vim.host.PhysicalNic-vmnic1001", "key-vim.host.PhysicalNic-vmnic1002"},
	})
}
