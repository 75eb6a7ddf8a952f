package vsphere

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

const (
	vmNetwork = "VM Network"
	dvpg0     = "DC0_DVPG0"
	router    = "billing/partner-a"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a simulated vCenter with an adapter for it and a client to look from outside.
type world struct {
	*fakevcenter.Server
	t       testing.TB
	adapter *Adapter
	client  *govmomi.Client
}

func start(t testing.TB, o fakevcenter.Options, options Options) *world {
	t.Helper()
	s, err := fakevcenter.Start(o)
	must(t, err)
	t.Cleanup(s.Close)
	client, err := s.Client(context.Background())
	must(t, err)
	w := &world{Server: s, t: t, client: client, adapter: newAdapter(t, options, credentialsOf(s))}
	s.ResetCalls()
	return w
}

func credentialsOf(s *fakevcenter.Server) Credentials {
	name, password := s.User()
	return Credentials{URL: s.URL(), Username: name, Password: Secret(password), CACerts: s.CAFile()}
}

func newAdapter(t testing.TB, o Options, creds ...Credentials) *Adapter {
	t.Helper()
	a, err := New(creds, o)
	must(t, err)
	t.Cleanup(func() { _ = a.Close(context.Background()) }) // the server may be gone by then
	return a
}

// need is one attachment a node, of the router.
func need(nodes ...platform.Node) []platform.Attachment {
	var out []platform.Attachment
	for i, n := range nodes {
		out = append(out, platform.Attachment{Router: router, Node: n, IP: netip.MustParsePrefix("192.0.2.9/32"), Active: i == 0})
	}
	return out
}

func (w *world) plan(nodes ...platform.Node) *platform.Plan {
	w.t.Helper()
	p, err := w.adapter.Plan(context.Background(), need(nodes...))
	must(w.t, err)
	return p
}

// outcome is what done heard of a change.
type outcome struct {
	change platform.Change
	err    error
}

func (w *world) apply(p *platform.Plan) ([]outcome, error) {
	var out []outcome
	err := w.adapter.Apply(context.Background(), p, func(c platform.Change, err error) { out = append(out, outcome{c, err}) })
	return out, err
}

// applied carries the plan out, which must succeed, and gives the changes as they were made.
func (w *world) applied(p *platform.Plan) []platform.Change {
	w.t.Helper()
	outcomes, err := w.apply(p)
	must(w.t, err)
	var out []platform.Change
	for _, o := range outcomes {
		must(w.t, o.err)
		out = append(out, o.change)
	}
	return out
}

func (w *world) revert(changes []platform.Change) ([]outcome, error) {
	var out []outcome
	err := w.adapter.Revert(context.Background(), changes, func(c platform.Change, err error) { out = append(out, outcome{c, err}) })
	return out, err
}

// of is the only finding of a code; the zero one where there is none.
func of(t testing.TB, fs []finding.Finding, code finding.Code) finding.Finding {
	t.Helper()
	var hit []finding.Finding
	for _, f := range fs {
		if f.Code == code {
			hit = append(hit, f)
		}
	}
	if len(hit) > 1 {
		t.Fatalf("%d findings %s: %v", len(hit), code, hit)
	}
	if len(hit) == 0 {
		return finding.Finding{}
	}
	return hit[0]
}

// host reads a host's network by name, from outside.
func (w *world) host(name string) *types.HostNetworkInfo {
	w.t.Helper()
	h, err := find.NewFinder(w.client.Client).HostSystem(context.Background(), "/DC0/host/*/"+name)
	must(w.t, err)
	var m mo.HostSystem
	must(w.t, w.client.RetrieveOne(context.Background(), h.Reference(), []string{"config.network"}, &m))
	return m.Config.Network
}

func (w *world) portGroup(host, name string) types.HostPortGroup {
	w.t.Helper()
	n := w.host(host)
	i := slices.IndexFunc(n.Portgroup, func(p types.HostPortGroup) bool { return p.Spec.Name == name })
	if i < 0 {
		w.t.Fatalf("host %s has no port group %s", host, name)
	}
	return n.Portgroup[i]
}

// dvpg reads a distributed port group by name, from outside.
func (w *world) dvpg(name string) types.DVPortgroupConfigInfo {
	w.t.Helper()
	n, err := find.NewFinder(w.client.Client).Network(context.Background(), "/DC0/network/"+name)
	must(w.t, err)
	var m mo.DistributedVirtualPortgroup
	must(w.t, w.client.RetrieveOne(context.Background(), n.Reference(), []string{"config"}, &m))
	return m.Config
}

func setting(c types.DVPortgroupConfigInfo) *types.VMwareDVSPortSetting {
	s, _ := c.DefaultPortConfig.(*types.VMwareDVSPortSetting)
	return s
}

func machine(i int) string { return fmt.Sprintf("DC0_C0_RP0_VM%d", i) }

func esx(i int) string { return fmt.Sprintf("DC0_C0_H%d", i) }

func accept(fields ...field) types.HostNetworkPolicy {
	return types.HostNetworkPolicy{Security: accepting(fields).put(nil)}
}

// lines are all, one below the other.
func lines(all []string) string { return strings.Join(all, "\n") }

// asJSON shows what pointers hide.
func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}
