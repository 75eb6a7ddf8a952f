package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// inventory is the vCenter that every transcript has to itself: two hosts with standard switches, and a VM for
// each node. The simulator gives the VMs the same UUIDs each time.
func inventory() fakevcenter.Options { return fakevcenter.Options{Hosts: 2, VMs: 2} }

func TestVSphere(t *testing.T) {
	model, err := fakevcenter.Start(inventory())
	if err != nil {
		t.Fatal(err)
	}
	vms := model.Nodes(len(lab.Nodes()))
	model.Close()
	o := lab.Options{ProviderIDs: map[string]string{}}
	for i, name := range lab.Nodes() {
		o.ProviderIDs[name] = vms[i].ProviderID
	}
	play(t, "vsphere", o, vcenter, map[string]func(*testscript.TestScript, bool, []string){"policy": policy, "calls": calls})
}

// simulator is the key of a transcript's vCenter.
type simulator struct{}

// vcenter gives a transcript a vCenter of its own, and what govc needs to find it.
func vcenter(e *testscript.Env) error {
	s, err := fakevcenter.Start(inventory())
	if err != nil {
		return err
	}
	e.Defer(s.Close)
	e.Values[simulator{}] = s
	name, password := s.User()
	for key, value := range map[string]string{
		"GOVC_URL": s.URL(), "GOVC_USERNAME": name, "GOVC_PASSWORD": password, "GOVC_TLS_CA_CERTS": s.CAFile(), "GOVC_PERSIST_SESSION": "false",
	} {
		e.Setenv(key, value)
	}
	return nil
}

// policy prints, for each host, what is in effect on its port group "VM Network".
func policy(ts *testscript.TestScript, _ bool, _ []string) {
	hosts, err := hostsOf(ts)
	ts.Check(err)
	for _, host := range hosts {
		for _, group := range host.Config.Network.Portgroup {
			if group.Spec.Name != "VM Network" {
				continue
			}
			s := group.ComputedPolicy.Security
			_, err := fmt.Fprintf(ts.Stdout(), "%s promiscuous=%t macChanges=%t forged=%t\n", host.Name, *s.AllowPromiscuous, *s.MacChanges, *s.ForgedTransmits)
			ts.Check(err)
		}
	}
}

// hostsOf reads the hosts past the command, through govmomi alone.
func hostsOf(ts *testscript.TestScript) ([]mo.HostSystem, error) {
	ctx := context.Background()
	client, err := ts.Value(simulator{}).(*fakevcenter.Server).Client(ctx)
	if err != nil {
		return nil, err
	}
	list, err := find.NewFinder(client.Client).HostSystemList(ctx, "*")
	if err != nil {
		return nil, err
	}
	var refs []types.ManagedObjectReference
	for _, host := range list {
		refs = append(refs, host.Reference())
	}
	var hosts []mo.HostSystem
	if err := client.Retrieve(ctx, refs, []string{"name", "config.network.portgroup"}, &hosts); err != nil {
		return nil, err
	}
	return hosts, client.Logout(ctx)
}

// calls N METHOD...: the methods were called N times since this was last asked.
func calls(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: calls N METHOD...")
	}
	s := ts.Value(simulator{}).(*fakevcenter.Server)
	n := 0
	for _, call := range s.Calls() {
		if slices.Contains(args[1:], call.Method) {
			n++
		}
	}
	s.ResetCalls()
	if args[0] != "-" && fmt.Sprint(n) != args[0] {
		ts.Fatalf("%d calls, want %s", n, args[0])
	}
}
