package vcenter

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

func TestADeniedPrivilegeIsToldAndItsWritesFail(t *testing.T) {
	s, c := start(t, Options{Hosts: 2, PortGroups: 1})
	s.Deny("Host.Config.Network", "DC0_C0_H1")
	s.Deny("DVPortgroup.Modify", "")
	var refs []types.ManagedObjectReference
	for kind, names := range map[string][]string{"HostSystem": {"DC0_C0_H0", "DC0_C0_H1"}, "DistributedVirtualPortgroup": {"DC0_DVPG0"}} {
		for _, name := range names {
			ref, err := s.find(kind, name)
			must(t, err)
			refs = append(refs, ref)
		}
	}
	privileges := []string{"Host.Config.Network", "DVPortgroup.Modify"}
	user, _ := s.User()
	manager := object.NewAuthorizationManager(c.Client)
	answers, err := manager.HasUserPrivilegeOnEntities(t.Context(), refs, user, privileges)
	must(t, err)
	want := map[string][]bool{"DC0_C0_H0": {true, false}, "DC0_C0_H1": {false, false}, "DC0_DVPG0": {true, false}}
	got := map[string][]bool{}
	for _, answer := range answers {
		for _, p := range answer.PrivAvailability {
			got[s.nameOf(answer.Entity)] = append(got[s.nameOf(answer.Entity)], p.IsGranted)
		}
	}
	same(t, "HasUserPrivilegeOnEntities", got, want)
	session, err := c.SessionManager.UserSession(t.Context())
	must(t, err)
	for _, ref := range refs {
		one, err := methods.HasPrivilegeOnEntity(t.Context(), c, &types.HasPrivilegeOnEntity{
			This: *c.ServiceContent.AuthorizationManager, Entity: ref, SessionId: session.Key, PrivId: privileges,
		})
		must(t, err)
		same(t, "HasPrivilegeOnEntity", one.Returnval, want[s.nameOf(ref)])
	}
	own, err := methods.HasPrivilegeOnEntities(t.Context(), c, &types.HasPrivilegeOnEntities{
		This: *c.ServiceContent.AuthorizationManager, Entity: refs, SessionId: session.Key, PrivId: privileges,
	})
	must(t, err)
	same(t, "HasPrivilegeOnEntities", own.Returnval, answers)
	all, err := manager.FetchUserPrivilegeOnEntities(t.Context(), refs, user)
	must(t, err)
	for _, result := range all {
		name := s.nameOf(result.Entity)
		same(t, "FetchUserPrivilegeOnEntities of "+name, []bool{
			slices.Contains(result.Privileges, privileges[0]), slices.Contains(result.Privileges, privileges[1]),
		}, want[name])
	}
	writesAreRefused(t, s)
	s.Restore()
	must(t, reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{ConfigVersion: "1", Description: "egress"}))
}

// writesAreRefused checks each write that the denials of the test above forbid, and one that they do not.
func writesAreRefused(t *testing.T, s *Server) {
	t.Helper()
	c, err := s.Client(t.Context())
	must(t, err)
	before := host(t, s, c, "DC0_C0_H1").Config
	spec := portGroup(t, s, c, "DC0_C0_H1", "VM Network").Spec
	spec.VlanId = 9
	must(t, updatePortGroup(t, s, c, "DC0_C0_H0", spec))
	refused := func(err error, object, privilege string) {
		t.Helper()
		lack := &types.NoPermission{}
		if _, ok := fault.As(err, &lack); !ok {
			t.Errorf("%s: got %v", object, err)
			return
		}
		same(t, object, []any{s.nameOf(*lack.Object), lack.PrivilegeId, lack.MissingPrivileges[0].PrivilegeIds}, []any{object, privilege, []string{privilege}})
	}
	refused(updatePortGroup(t, s, c, "DC0_C0_H1", spec), "DC0_C0_H1", "Host.Config.Network")
	_, err = methods.UpdateVirtualSwitch(t.Context(), c, &types.UpdateVirtualSwitch{
		This: networkSystemOf(t, s, c, "DC0_C0_H1"), VswitchName: "vSwitch0", Spec: before.Network.Vswitch[0].Spec,
	})
	refused(err, "DC0_C0_H1", "Host.Config.Network")
	refused(reconfigure(t, s, c, "DC0_DVPG0", types.DVPortgroupConfigSpec{ConfigVersion: "1"}), "DC0_DVPG0", "DVPortgroup.Modify")
	same(t, "the host", host(t, s, c, "DC0_C0_H1").Config, before)
	same(t, "the version", dvpg(t, s, c, "DC0_DVPG0").ConfigVersion, "1")
}
