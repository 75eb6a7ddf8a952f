package vsphere

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

const benchHosts = 100

// BenchmarkAgainstGovc measures the adapter and one govc-like sequence a host (log in, find, read, write, log
// out) against one simulator of 100 hosts and 1,000 machines, 200 of them nodes, that takes 10 ms a call. The
// metrics govc-read-x and govc-change-x say how many times as long the sequences take.
func BenchmarkAgainstGovc(b *testing.B) {
	w := start(b, fakevcenter.Options{Hosts: benchHosts, VMs: 10, Delay: 10 * time.Millisecond}, Options{})
	nodes := w.Nodes(200)
	reset := func() {
		for h := range benchHosts {
			must(b, w.SetHostPolicy(esx(h), vmNetwork, types.HostNetworkPolicy{}))
		}
	}
	clock := func(f func()) time.Duration {
		began := time.Now()
		f()
		return time.Since(began)
	}
	var read, change, govcRead, govcChange time.Duration
	for b.Loop() {
		reset()
		read += clock(func() {
			a := newAdapter(b, Options{}, credentialsOf(w.Server))
			_, err := a.Plan(context.Background(), need(nodes...))
			must(b, err)
			must(b, a.Close(context.Background()))
		})
		change += clock(func() {
			a := newAdapter(b, Options{}, credentialsOf(w.Server))
			p, err := a.Plan(context.Background(), need(nodes...))
			must(b, err)
			must(b, a.Apply(context.Background(), p, nil))
			must(b, a.Close(context.Background()))
		})
		govcRead += clock(func() {
			for h := range benchHosts {
				govc(b, w, esx(h), false)
			}
		})
		reset()
		govcChange += clock(func() {
			for h := range benchHosts {
				govc(b, w, esx(h), true)
			}
		})
	}
	n := float64(b.N)
	b.ReportMetric(read.Seconds()/n, "read-s")
	b.ReportMetric(change.Seconds()/n, "change-s")
	b.ReportMetric(govcRead.Seconds()/n, "govc-read-s")
	b.ReportMetric(govcChange.Seconds()/n, "govc-change-s")
	b.ReportMetric(govcRead.Seconds()/read.Seconds(), "govc-read-x")
	b.ReportMetric(govcChange.Seconds()/change.Seconds(), "govc-change-x")
}

// govc does what one run of govc host.portgroup.info or .change does: a session of its own, the host by its
// name, its port groups, and the write.
func govc(b *testing.B, w *world, host string, write bool) {
	b.Helper()
	ctx := context.Background()
	c := govcLogin(ctx, b, w)
	finder := find.NewFinder(c.Client)
	dc, err := finder.DefaultDatacenter(ctx)
	must(b, err)
	h, err := finder.SetDatacenter(dc).HostSystem(ctx, host)
	must(b, err)
	system, err := h.ConfigManager().NetworkSystem(ctx)
	must(b, err)
	var m mo.HostSystem
	must(b, h.Properties(ctx, h.Reference(), []string{"config.network.portgroup"}, &m))
	if write {
		must(b, change1(ctx, system, m.Config.Network.Portgroup))
	}
	must(b, c.Logout(ctx))
}

func change1(ctx context.Context, system *object.HostNetworkSystem, groups []types.HostPortGroup) error {
	for _, pg := range groups {
		if pg.Spec.Name == vmNetwork {
			spec := types.HostPortGroupSpec{Name: pg.Spec.Name, VlanId: pg.Spec.VlanId, VswitchName: pg.Spec.VswitchName}
			spec.Policy.Security = accepting([]field{forged, promiscuous}).put(nil)
			return system.UpdatePortGroup(ctx, vmNetwork, spec)
		}
	}
	return fmt.Errorf("there is no %s", vmNetwork)
}

func govcLogin(ctx context.Context, b *testing.B, w *world) *govmomi.Client {
	b.Helper()
	u, err := soap.ParseURL(w.URL())
	must(b, err)
	sc := soap.NewClient(u, false)
	must(b, sc.SetRootCAs(w.CAFile()))
	vc, err := vim25.NewClient(ctx, sc)
	must(b, err)
	c := &govmomi.Client{Client: vc, SessionManager: session.NewManager(vc)}
	must(b, c.Login(ctx, url.UserPassword(w.User())))
	return c
}
