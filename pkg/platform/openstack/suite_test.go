package openstack

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// underTest is a cloud that the suite runs against: the fake, or a real Keystone and Neutron.
type underTest interface {
	// login is a client of its own for a user.
	login(t *testing.T, user string) (*Cloud, *lines)
	// nodes are servers with one port each on a network of the user k8s.
	nodes() []fakeneutron.SeedNode
	// address is router i's, on the nodes' subnet and outside its pools.
	address(i int) netip.Addr
	// pairs are read, and setPairs written without a guard, by another hand than the adapter's.
	pairs(t *testing.T, portID string) []fakeneutron.Pair
	setPairs(t *testing.T, portID string, pairs []fakeneutron.Pair)
	// others reports whether there are an administrator, another project and a network of another's.
	others() bool
	// elsewhere is a server of the user's on a network of another project, and its port.
	elsewhere(t *testing.T) (serverID, portID string, address netip.Addr)
}

// suite is what holds on the fake as well as on a real cloud. Rounds is how often a race is run.
func suite(t *testing.T, u underTest, rounds int) {
	t.Run("fixes and takes back", func(t *testing.T) { testFix(t, u) })
	t.Run("requests", func(t *testing.T) { testRequests(t, u) })
	t.Run("eight writers", func(t *testing.T) { testEightWriters(t, u, rounds) })
	t.Run("guarded rival", func(t *testing.T) { testGuardedRival(t, u) })
	t.Run("unguarded rival", func(t *testing.T) { testUnguardedRival(t, u) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, u) })
	t.Run("reservation", func(t *testing.T) { testReservation(t, u) })
	t.Run("moved pod", func(t *testing.T) { testMovedPod(t, u) })
}

func TestSuiteOnTheFake(t *testing.T) {
	suite(t, newLab(t, fakeneutron.Options{Ports: 10}), 2)
}

// TestTwoHundredPortsOnTheFake counts on both sides of the wire.
func TestTwoHundredPortsOnTheFake(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 200})
	testRequests(t, l)
	total := map[string]int{}
	for _, r := range l.Requests() {
		total[r.Method]++
	}
	// Two runs: twice a token, Neutron's version, 3 lists of ports and 4 reads more; once 200 writes, 2 lists and the
	// plan after it, which reads 3 lists of ports and 3 reads more.
	if want := map[string]int{"POST": 2, "GET": 2*(1+3+4) + 2 + 3 + 3, "PUT": 200}; !maps.Equal(total, want) {
		t.Errorf("the server counts %v, want %v", total, want)
	}
}

func (l *lab) nodes() []fakeneutron.SeedNode { return l.seed.Nodes }

func (l *lab) address(i int) netip.Addr { return reservedAddress(i) }

func (l *lab) setPairs(_ *testing.T, portID string, pairs []fakeneutron.Pair) {
	l.SetPairs(portID, pairs)
}

func (l *lab) others() bool { return true }

func (l *lab) elsewhere(*testing.T) (string, string, netip.Addr) {
	return l.seed.SharedServerID, l.seed.SharedPortID, netip.MustParseAddr("10.30.200.1")
}

// client is an adapter of its own and what its log said.
func client(t *testing.T, u underTest, o Options) (*Adapter, *lines) {
	t.Helper()
	cloud, said := u.login(t, "k8s")
	if o.Recorded != nil {
		// What was written before is only where a node of the cluster is.
		for _, n := range u.nodes() {
			o.Nodes = append(o.Nodes, attachment(0, u.address(0), n).Node)
		}
	}
	a, err := New(cloud, o)
	if err != nil {
		t.Fatal(err)
	}
	return a, said
}

// clear takes every pair from the nodes' ports, before a test and after it.
func clearPairs(t *testing.T, u underTest) {
	t.Helper()
	wipe := func() {
		for _, n := range u.nodes() {
			if len(u.pairs(t, n.PortID)) > 0 {
				u.setPairs(t, n.PortID, []fakeneutron.Pair{})
			}
		}
	}
	wipe()
	t.Cleanup(wipe)
}

// sent counts what a log says was sent, by method and kind.
func sent(said *lines) map[string]int {
	out := map[string]int{}
	for _, line := range said.all() {
		method, rest, _ := strings.Cut(line, " ")
		_, path, _ := strings.Cut(rest, "/")
		path, _, _ = strings.Cut(path, ":")
		path, _, _ = strings.Cut(path, "?")
		path = strings.TrimPrefix(path, "v2.0/")
		if kind, _, found := strings.Cut(path, "/"); found && kind == "ports" {
			path = kind + "/ID"
		}
		out[method+" "+path]++
	}
	return out
}

// answered counts the answers with a status that a log tells of.
func answered(said *lines, status int) int {
	n := 0
	for _, line := range said.all() {
		if strings.Contains(line, fmt.Sprintf(": %d in ", status)) {
			n++
		}
	}
	return n
}

func testFix(t *testing.T, u underTest) {
	clearPairs(t, u)
	kept := fakeneutron.Pair{IP: u.address(99).String() + "/32", MAC: "fa:16:3e:00:00:99"}
	var need []platform.Attachment
	want := map[string][]fakeneutron.Pair{}
	for i, n := range u.nodes()[:3] {
		u.setPairs(t, n.PortID, []fakeneutron.Pair{kept})
		at := attachment(i, u.address(i), n)
		need = append(need, at)
		want[n.PortID] = []fakeneutron.Pair{kept, pairOf(at)}
	}
	a, _ := client(t, u, Options{})
	plan := mustPlan(t, a, need...)
	wantCodes(t, plan, finding.PairMissing, finding.PairMissing, finding.PairMissing)
	ended := mustApply(t, a, plan)
	for id, pairs := range want {
		if got := u.pairs(t, id); !samePairs(got, pairs) {
			t.Errorf("port %s has %v, want %v", id, got, pairs)
		}
	}
	second, said := client(t, u, Options{})
	plan = mustPlan(t, second, need...)
	wantCodes(t, plan)
	if err := second.Apply(t.Context(), plan, nil); err != nil || sent(said)["PUT ports/ID"] != 0 {
		t.Errorf("the second run: %v, %v", err, said.all())
	}
	back := &ends{}
	if err := a.Revert(t.Context(), ended.changes, back.done); err != nil {
		t.Fatal(err, back.errs)
	}
	for id := range want {
		if got := u.pairs(t, id); !samePairs(got, []fakeneutron.Pair{kept}) {
			t.Errorf("taken back, port %s has %v, want %v", id, got, kept)
		}
	}
}

// testRequests counts what is sent for all nodes at once, each with a router.
func testRequests(t *testing.T, u underTest) {
	clearPairs(t, u)
	var need []platform.Attachment
	for i, n := range u.nodes() {
		at := attachment(i, u.address(i), n)
		at.Destinations = []netip.Addr{netip.MustParseAddr("203.0.113.26")}
		need = append(need, at)
	}
	n := len(need)
	lists := (n + 159) / 160
	reading := map[string]int{"POST v3/auth/tokens": 1, "GET ": 1, "GET ports": lists + (n+204)/205,
		"GET extensions/revision-if-match": 1, "GET subnets": 1, "GET networks": 1, "GET security-groups": 1}

	a, said := client(t, u, Options{})
	fixed(t, a, need...)
	after := mustPlan(t, a, need...)
	if len(after.Changes) > 0 || slices.Contains(codes(after), finding.PairMissing) {
		t.Errorf("after all were written: %+v, %+v", after.Changes, after.Findings)
	}
	want := map[string]int{"PUT ports/ID": n}
	for k, v := range reading {
		want[k] += v
	}
	want["GET ports"] += (n + 196) / 197
	// The plan after it reads the same again, but for what it knows of the cloud.
	for _, kind := range []string{"GET ports", "GET subnets", "GET networks", "GET security-groups"} {
		want[kind] += reading[kind]
	}
	// On SQLite, Neutron answers some of several writes at a time with 500: each is read and written again.
	troubled := answered(said, 500)
	want["PUT ports/ID"] += troubled
	if troubled > 0 {
		want["GET ports/ID"] += troubled
	}
	if got := sent(said); !reflect.DeepEqual(got, want) {
		t.Errorf("%d ports that all need a pair: sent %v, want %v\n%s", n, got, want, strings.Join(said.all(), "\n"))
	}
	a, said = client(t, u, Options{})
	fixed(t, a, need...)
	if got := sent(said); !reflect.DeepEqual(got, reading) {
		t.Errorf("%d ports that are right: sent %v, want %v", n, got, reading)
	}
}
