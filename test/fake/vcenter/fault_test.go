package vcenter

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/types"
)

func TestFaultsHappenToTheCallsTheyName(t *testing.T) {
	s, c := start(t, Options{Hosts: 2})
	spec := portGroup(t, s, c, "DC0_C0_H0", "VM Network").Spec
	remove := s.Inject(Fault{Method: "UpdatePortGroup", Object: "DC0_C0_H1", Times: 1, Fault: &types.HostConfigFault{}})
	s.Inject(Fault{Method: "UpdatePortGroup", Object: "DC0_C0_H1", Times: 1, NotResponding: true})
	must(t, updatePortGroup(t, s, c, "DC0_C0_H0", spec))
	if err := updatePortGroup(t, s, c, "DC0_C0_H1", spec); !fault.Is(err, &types.HostConfigFault{}) {
		t.Errorf("the first: got %v", err)
	}
	if err := updatePortGroup(t, s, c, "DC0_C0_H1", spec); !fault.Is(err, &types.HostNotConnected{}) {
		t.Errorf("the second: got %v", err)
	}
	must(t, updatePortGroup(t, s, c, "DC0_C0_H1", spec))
	remove()
	remove()
	s.Inject(Fault{Fault: &types.RuntimeFault{}})
	s.Restore()
	must(t, updatePortGroup(t, s, c, "DC0_C0_H1", spec))
	same(t, "written", s.Count("UpdatePortGroup"), 5)
}

func TestTasksEndWithTheirFault(t *testing.T) {
	s, c := start(t, Options{PortGroups: 1})
	s.Inject(Fault{Method: "ReconfigureDVPortgroup_Task", Object: "DC0_DVPG0", Times: 1, InTask: &types.ResourceInUse{}})
	spec := types.DVPortgroupConfigSpec{ConfigVersion: "1", Description: "egress"}
	if err := reconfigure(t, s, c, "DC0_DVPG0", spec); !fault.Is(err, &types.ResourceInUse{}) {
		t.Errorf("got %v", err)
	}
	must(t, reconfigure(t, s, c, "DC0_DVPG0", spec))
	same(t, "version", dvpg(t, s, c, "DC0_DVPG0").ConfigVersion, "2")
}

func TestARivalInTheGap(t *testing.T) {
	s, c := start(t, Options{PortGroups: 1})
	var rival error
	s.Inject(Fault{Method: "ReconfigureDVPortgroup_Task", Times: 1, Do: func() {
		rival = s.SetDVPolicy("DC0_DVPG0", types.VMwareDVSPortSetting{MacManagementPolicy: mac("nyn", false)})
	}})
	spec := types.DVPortgroupConfigSpec{ConfigVersion: "1", Description: "mine"}
	if err := reconfigure(t, s, c, "DC0_DVPG0", spec); !fault.Is(err, &types.ConcurrentAccess{}) {
		t.Errorf("got %v", err)
	}
	must(t, rival)
	got := dvpg(t, s, c, "DC0_DVPG0")
	same(t, "the rival's", setting(t, got).MacManagementPolicy, mac("nyn", false))
	spec.ConfigVersion = got.ConfigVersion
	must(t, reconfigure(t, s, c, "DC0_DVPG0", spec))
	got = dvpg(t, s, c, "DC0_DVPG0")
	same(t, "both", []any{setting(t, got).MacManagementPolicy, got.Description}, []any{mac("nyn", false), "mine"})
}

func TestACallThatHangsIsLetGo(t *testing.T) {
	s, c := start(t, Options{})
	spec := portGroup(t, s, c, "DC0_C0_H0", "VM Network").Spec
	spec.VlanId = 7
	arrived := make(chan struct{})
	remove := s.Inject(Fault{Method: "UpdatePortGroup", Times: 1, Hang: true, Do: func() { close(arrived) }})
	ns := networkSystemOf(t, s, c, "DC0_C0_H0")
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- updateOn(ctx, c, ns, spec) }()
	<-arrived
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the client that gave up: got %v", err)
	}
	remove()
	arrived = make(chan struct{})
	remove = s.Inject(Fault{Method: "UpdatePortGroup", Times: 1, Hang: true, Do: func() { close(arrived) }})
	go func() { done <- updateOn(t.Context(), c, ns, spec) }()
	<-arrived
	remove()
	must(t, <-done)
	same(t, "written once let go", portGroup(t, s, c, "DC0_C0_H0", "VM Network").Spec, spec)

	arrived = make(chan struct{})
	s.Inject(Fault{Method: "UpdatePortGroup", Hang: true, Do: func() { close(arrived) }})
	go func() { done <- updateOn(t.Context(), c, ns, spec) }()
	<-arrived
	s.Close()
	if err := <-done; err == nil {
		t.Error("a call was answered after Close")
	}
}

func TestSessionsExpire(t *testing.T) {
	s, c := start(t, Options{})
	other, err := s.Client(t.Context())
	must(t, err)
	spec := portGroup(t, s, c, "DC0_C0_H0", "VM Network").Spec
	ns := networkSystemOf(t, s, c, "DC0_C0_H0")
	s.Inject(Fault{Method: "UpdatePortGroup", Times: 1, ExpireSession: true})
	for range 2 { // the first call ends the session, the second finds it ended
		if err := updateOn(t.Context(), c, ns, spec); !fault.Is(err, &types.NotAuthenticated{}) {
			t.Errorf("got %v", err)
		}
	}
	must(t, updateOn(t.Context(), other, ns, spec))
	s.ExpireSessions()
	if err := updateOn(t.Context(), other, ns, spec); !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("every session: got %v", err)
	}
	must(t, c.Login(t.Context(), s.user))
	must(t, updateOn(t.Context(), c, ns, spec))
}

func TestHostsOutOfReachAreReadButNotWritten(t *testing.T) {
	s, c := start(t, Options{})
	before := host(t, s, c, "DC0_C0_H0").Config
	must(t, s.SetConnection("DC0_C0_H0", types.HostSystemConnectionStateNotResponding))
	err := updatePortGroup(t, s, c, "DC0_C0_H0", types.HostPortGroupSpec{Name: "VM Network", VswitchName: "vSwitch0"})
	if !fault.Is(err, &types.HostNotConnected{}) {
		t.Errorf("got %v", err)
	}
	h := host(t, s, c, "DC0_C0_H0")
	same(t, "state", h.Runtime.ConnectionState, "notResponding")
	same(t, "the host", h.Config, before)
	must(t, s.SetConnection("DC0_C0_H0", types.HostSystemConnectionStateConnected))
	must(t, updatePortGroup(t, s, c, "DC0_C0_H0", portGroup(t, s, c, "DC0_C0_H0", "VM Network").Spec))
}

func TestManyClientsAtOnce(t *testing.T) {
	s, c := start(t, Options{Hosts: 4, VMs: 2, PortGroups: 1})
	systems := map[string]types.ManagedObjectReference{}
	for _, name := range s.orAll(nil) {
		systems[name] = networkSystemOf(t, s, c, name)
	}
	spec := portGroup(t, s, c, "DC0_C0_H0", "VM Network").Spec
	s.ResetCalls()
	var wait sync.WaitGroup
	for _, ns := range systems {
		wait.Go(func() {
			for vlan := range 5 {
				own := spec
				own.VlanId = int32(vlan)
				if err := updateOn(t.Context(), c, ns, own); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		wait.Go(func() { everything(t.Context(), t, c, "HostSystem", "config.network", "vm", "network") })
		wait.Go(func() {
			if err := s.SetSwitchPolicy("DC0_C0_H0", "vSwitch0", types.HostNetworkPolicy{Security: security("yyy")}); err != nil {
				t.Error(err)
			}
			if err := s.MoveVMToHost("DC0_C0_RP0_VM0", "DC0_C0_H3"); err != nil {
				t.Error(err)
			}
			if err := s.MoveVM("DC0_C0_RP0_VM1", "VM Network"); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	same(t, "counts", []int{s.Count(), s.Count("UpdatePortGroup"), s.Count("RetrievePropertiesEx")}, []int{26, 20, 3})
	for name := range systems {
		same(t, name, portGroup(t, s, c, name, "VM Network").Spec.VlanId, 4)
	}
}
