package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// lab is a fake cloud and a user who is logged in.
type lab struct {
	*fakeneutron.Server
	seed  fakeneutron.Seed
	cloud *Cloud
	said  *lines
}

// lines is what a log heard.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, fmt.Sprintf(format, args...))
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.text)
}

// newLab starts a fake with the user k8s logged in.
func newLab(t *testing.T, o fakeneutron.Options) *lab { return newLabAs(t, o, "k8s") }

func newLabAs(t *testing.T, o fakeneutron.Options, user string) *lab {
	t.Helper()
	server, err := fakeneutron.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	l := &lab{Server: server, seed: server.Seed()}
	l.cloud, l.said = l.login(t, user)
	server.ResetRequests()
	return l
}

// login is another client of the same cloud. It does not wait between tries.
func (l *lab) login(t *testing.T, user string) (*Cloud, *lines) {
	t.Helper()
	said := &lines{}
	cloud, err := Connect(t.Context(), Credentials{Cloud: user, CloudsYAML: l.CloudsYAML(), Log: said.add, UserAgent: "kubectl-egress/test"})
	if err != nil {
		t.Fatal(err)
	}
	cloud.wire.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return cloud, said
}

func (l *lab) adapter(t *testing.T, o Options) *Adapter {
	t.Helper()
	if o.Nodes == nil {
		o.Nodes = l.allNodes()
	}
	a, err := New(l.cloud, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// allNodes are those that are seeded.
func (l *lab) allNodes() []platform.Node {
	var out []platform.Node
	for _, at := range l.perNode() {
		out = append(out, at.Node)
	}
	return out
}

// reservedAddress is the address of router i, outside the subnet's pools.
func reservedAddress(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 0, byte(200 + i/250), byte(1 + i%250)})
}

// macOf is a MAC that is no router's by its form, so that its pair must be recorded.
func macOf(address netip.Addr) string {
	b := address.As4()
	return fmt.Sprintf("0a:e6:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

// at is router i with its pod on a seeded node.
func (l *lab) at(i, node int) platform.Attachment {
	return attachment(i, reservedAddress(i), l.seed.Nodes[node])
}

// attachment is router i with address on a node; its MAC is one that CNI plugins give.
func attachment(i int, address netip.Addr, n fakeneutron.SeedNode) platform.Attachment {
	return platform.Attachment{Router: fmt.Sprintf("egress/r%d", i), Node: platform.Node{Name: n.Name, ProviderID: "openstack:///" + n.ServerID},
		IP: netip.PrefixFrom(address, 16), MAC: macOf(address), Active: true}
}

// perNode is a router on every seeded node.
func (l *lab) perNode() []platform.Attachment {
	var out []platform.Attachment
	for i := range l.seed.Nodes {
		out = append(out, l.at(i, i))
	}
	return out
}

// pairOf is the pair that at needs.
func pairOf(at platform.Attachment) fakeneutron.Pair {
	return fakeneutron.Pair{IP: at.IP.Addr().String(), MAC: at.MAC}
}

func (l *lab) pairs(t *testing.T, portID string) []fakeneutron.Pair {
	t.Helper()
	p, ok := l.Port(portID)
	if !ok {
		t.Fatalf("no port %s", portID)
	}
	slices.SortFunc(p.Pairs, func(a, b fakeneutron.Pair) int { return strings.Compare(a.IP+a.MAC, b.IP+b.MAC) })
	return p.Pairs
}

func mustPlan(t *testing.T, a *Adapter, need ...platform.Attachment) *platform.Plan {
	t.Helper()
	plan, err := a.Plan(t.Context(), need)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// ends collects how changes ended.
type ends struct {
	changes []platform.Change
	errs    []error
}

func (e *ends) done(change platform.Change, err error) {
	e.changes = append(e.changes, change)
	e.errs = append(e.errs, err)
}

func mustApply(t *testing.T, a *Adapter, plan *platform.Plan) *ends {
	t.Helper()
	e := &ends{}
	if err := a.Apply(t.Context(), plan, e.done); err != nil {
		t.Fatalf("applying: %v: %v", err, e.errs)
	}
	return e
}

// fixed plans for need and applies it.
func fixed(t *testing.T, a *Adapter, need ...platform.Attachment) *ends {
	t.Helper()
	return mustApply(t, a, mustPlan(t, a, need...))
}

func codes(plan *platform.Plan) []finding.Code {
	var out []finding.Code
	for _, f := range plan.Findings {
		out = append(out, f.Code)
	}
	return out
}

func wantCodes(t *testing.T, plan *platform.Plan, want ...finding.Code) {
	t.Helper()
	if got := codes(plan); !slices.Equal(got, want) {
		t.Errorf("found %v, want %v: %+v", got, want, plan.Findings)
	}
}

// writes are the requests that changed something, or tried.
func (l *lab) writes() []fakeneutron.Request {
	return slices.DeleteFunc(l.Requests(), func(r fakeneutron.Request) bool {
		return r.Method == http.MethodGet || strings.HasSuffix(r.Path, "/auth/tokens")
	})
}
