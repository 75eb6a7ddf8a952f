package vsphere

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

// One host of a few refuses: the others are done, it is named, and running again does it alone.
func TestOneHostRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		refuse func(w *world)
		says   string
	}{
		"no privilege": {
			func(w *world) { w.Deny("Host.Config.Network", esx(3)) },
			"port group VM Network on host DC0_C0_H3 (vCenter %s): administrator@vsphere.local has no privilege Host.Config.Network there: ask an administrator for it, or hand over what -o commands prints",
		},
		"no privilege, and vCenter does not say which": {
			func(w *world) {
				w.Inject(fakevcenter.Fault{Method: "UpdatePortGroup", Object: esx(3), Fault: &types.NoPermission{}})
			},
			"port group VM Network on host DC0_C0_H3 (vCenter %s): administrator@vsphere.local has no privilege Host.Config.Network there: ask an administrator for it, or hand over what -o commands prints",
		},
		"not responding": {
			func(w *world) {
				w.Inject(fakevcenter.Fault{Method: "UpdatePortGroup", Object: esx(3), NotResponding: true})
			},
			"port group VM Network on host DC0_C0_H3 (vCenter %s): vCenter cannot reach the host: bring it back, and run this again",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, fakevcenter.Options{Hosts: 8, VMs: 1}, Options{})
			p := w.plan(w.Nodes(2)...)
			test.refuse(w)
			w.ResetCalls()
			outcomes, err := w.apply(p)
			if err == nil || err.Error() != "1 of 8 changes failed: what was done stands, and running it again does the rest" {
				t.Errorf("got %v", err)
			}
			var failed []string
			for _, o := range outcomes {
				if o.err != nil {
					failed = append(failed, o.err.Error())
				}
			}
			if want := fmt.Sprintf(test.says, w.adapter.vcenters[0].name); len(outcomes) != 8 || !slices.Equal(failed, []string{want}) {
				t.Errorf("got %q of %d, want %q", failed, len(outcomes), want)
			}
			if w.Count("UpdatePortGroup") != 8 {
				t.Errorf("%d writes", w.Count("UpdatePortGroup"))
			}
			w.Restore()
			again := w.plan(w.Nodes(2)...)
			if len(again.Changes) != 1 || !strings.Contains(again.Changes[0].Target, esx(3)) {
				t.Fatalf("the second plan is %+v", again.Changes)
			}
			w.ResetCalls()
			w.applied(again)
			if w.Count("UpdatePortGroup") != 1 {
				t.Errorf("%d writes", w.Count("UpdatePortGroup"))
			}
		})
	}
}

// What cannot be read is unknown: an error, not allowed, and no change that rests on a guess.
func TestUnknownIsNeverGreen(t *testing.T) {
	for _, test := range []struct {
		name    string
		vcenter fakevcenter.Options
		hide    func(w *world)
		says    string
		changes int
		code    finding.Code
	}{
		{
			"port groups of a host", standardInventory(), func(w *world) { w.Hide("HostSystem", esx(1), "config.network.portgroup") },
			"unknown, because reading is not allowed: host DC0_C0_H1 (privilege System.Read)", 0, finding.NoPrivilege,
		},
		{
			"a host altogether", standardInventory(), func(w *world) { w.Hide("HostSystem", esx(1), "") }, "host", 0, finding.NoPrivilege,
		},
		{
			"a host that is not shown", standardInventory(), func(w *world) { w.HideObject("HostSystem", esx(1)) },
			"unknown, because reading is not allowed: host host-", 0, finding.NoPrivilege,
		},
		{
			"the networks of the node's machine", standardInventory(), func(w *world) { w.Hide("VirtualMachine", machine(0), "network") },
			"virtual machine DC0_C0_RP0_VM0 (privilege System.Read)", 0, finding.NoPrivilege,
		},
		{
			"the host of the node's machine", standardInventory(), func(w *world) { w.Hide("VirtualMachine", machine(0), "runtime.host") },
			"the host of DC0_C0_RP0_VM0 (privilege System.Read)", 0, finding.NoPrivilege,
		},
		{
			"the configuration of a distributed port group", distributedInventory(), func(w *world) { w.Hide("DistributedVirtualPortgroup", dvpg0, "config") },
			"port group DC0_DVPG0 (privilege System.Read)", 0, finding.NoPrivilege,
		},
		{
			"a distributed port group that is not shown", distributedInventory(), func(w *world) { w.HideObject("DistributedVirtualPortgroup", dvpg0) },
			"network dvportgroup-", 0, finding.NoPrivilege,
		},
		{
			"the identity of machines", standardInventory(), func(w *world) {
				w.Hide("VirtualMachine", machine(0), "config.uuid")
				w.Hide("VirtualMachine", machine(0), "config.instanceUuid")
				w.Hide("VirtualMachine", machine(0), "guest.hostName")
			},
			"no virtual machine has its UUID or name, and 1 could not be read", 0, finding.NoVM,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := start(t, test.vcenter, Options{})
			nodes := w.Nodes(1)
			w.security(all3(), forged, promiscuous, macChanges)
			if test.vcenter.PortGroups > 0 {
				w.mac(dvpg0, forged, promiscuous, macChanges)
			}
			if l := w.plan(nodes...).Permissions; len(l) != 1 || l[0].Allowed != platform.Yes {
				t.Fatalf("before it is hidden: %+v", l)
			}
			test.hide(w)
			p := w.plan(nodes...)
			f := of(t, slices.DeleteFunc(p.Findings, func(f finding.Finding) bool { return f.Level != finding.Error }), test.code)
			if !strings.Contains(f.Message, test.says) {
				t.Errorf("got %v, want %s with %q", p.Findings, test.code, test.says)
			}
			if len(p.Permissions) != 1 || p.Permissions[0].Allowed != platform.Unknown || p.Permissions[0].Why == "" {
				t.Errorf("permissions %+v", p.Permissions)
			}
			if len(p.Changes) != test.changes {
				t.Errorf("changes %+v", p.Changes)
			}
		})
	}
}

// An interruption stops what has not begun, and still tells what was written: it must go into the saved file.
func TestInterrupted(t *testing.T) {
	w := start(t, fakevcenter.Options{Hosts: 4, VMs: 1}, Options{Concurrency: 1})
	p := w.plan(w.Nodes(1)...)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.Inject(fakevcenter.Fault{Method: "UpdatePortGroup", Object: esx(2), Do: cancel, Fault: &types.HostCommunication{}})
	told := map[string]error{}
	err := w.adapter.Apply(ctx, p, func(c platform.Change, err error) { told[c.Target] = err })
	if !errors.Is(err, context.Canceled) || len(told) != 4 {
		t.Fatalf("got %v and %v", err, told)
	}
	for i, c := range p.Changes {
		if done := told[c.Target] == nil; done != (i < 2) {
			t.Errorf("%s: %v", c.Target, told[c.Target])
		}
	}
	for i := range 2 {
		if pg := w.portGroup(esx(i), vmNetwork); !securityPolicy(pg.ComputedPolicy.Security).accepts(forged) {
			t.Errorf("%s was told to be done and is not", esx(i))
		}
	}
}

// A write that does not hold is no success.
func TestWrittenButNotHeld(t *testing.T) {
	w := start(t, fakevcenter.Options{Hosts: 1, VMs: 1}, Options{})
	p := w.plan(w.Nodes(1)...)
	var reads int
	w.Inject(fakevcenter.Fault{Method: "RetrievePropertiesEx", Do: func() {
		if reads++; reads == 2 { // the reading back
			must(t, w.SetHostPolicy(esx(0), vmNetwork, types.HostNetworkPolicy{}))
		}
	}})
	outcomes, err := w.apply(p)
	if err == nil || len(outcomes) != 1 || !errors.Is(outcomes[0].err, errUnverified) ||
		!strings.Contains(outcomes[0].err.Error(), `host DC0_C0_H0 holds {"allowPromiscuous":null,"forgedTransmits":null}`) && !strings.Contains(outcomes[0].err.Error(), "holds null") {
		t.Errorf("got %v, %v", err, outcomes)
	}
}

// lost carries a call out, and loses the answer of the first to a method.
type lost struct {
	soap.RoundTripper
	before, after bool
}

func (l *lost) RoundTrip(ctx context.Context, req, res soap.HasFault) error {
	_, isWrite := req.(*methods.UpdatePortGroupBody)
	if isWrite && l.before {
		return io.ErrUnexpectedEOF
	}
	err := l.RoundTripper.RoundTrip(ctx, req, res)
	if isWrite && l.after {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Where the answer to a write is lost, reading back reports whether it was made.
func TestAnswerIsLost(t *testing.T) {
	for name, l := range map[string]*lost{"made": {after: true}, "not made": {before: true}} {
		t.Run(name, func(t *testing.T) {
			w := start(t, fakevcenter.Options{Hosts: 1, VMs: 1}, Options{})
			p := w.plan(w.Nodes(1)...)
			client := w.adapter.vcenters[0].session.client
			l.RoundTripper, client.RoundTripper = client.RoundTripper, l
			outcomes, err := w.apply(p)
			made := securityPolicy(w.portGroup(esx(0), vmNetwork).ComputedPolicy.Security).accepts(forged)
			if made != l.after || (err == nil) != made || len(outcomes) != 1 || (outcomes[0].err == nil) != made {
				t.Errorf("made: %t, told: %v", made, outcomes)
			}
			if !made && !strings.Contains(outcomes[0].err.Error(), "vCenter gave no answer, and it is not written") {
				t.Errorf("got %v", outcomes[0].err)
			}
		})
	}
}
