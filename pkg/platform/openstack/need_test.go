package openstack

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// idle is router 0 on a node where it could run.
func (l *lab) idle(node int) platform.Attachment {
	at := l.at(0, node)
	at.Active = false
	return at
}

func TestOnlyTheActiveNodeIsNeeded(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 3})
	plan := mustPlan(t, l.adapter(t, Options{}), l.idle(0), l.at(0, 1), l.idle(2))
	wantCodes(t, plan, finding.PairMissing)
	if len(plan.Changes) != 1 || plan.Changes[0].ID != l.seed.Nodes[1].PortID {
		t.Errorf("planned %+v", plan.Changes)
	}
	const missing = "EGR302: the pair is missing"
	want := []platform.Permission{{Router: "egress/r0", Node: "worker-1", Allowed: platform.No, Why: missing},
		{Router: "egress/r0", Node: "worker-2", Allowed: platform.No, Why: missing}, {Router: "egress/r0", Node: "worker-3", Allowed: platform.No, Why: missing}}
	if !reflect.DeepEqual(plan.Permissions, want) {
		t.Errorf("permissions %+v, want %+v", plan.Permissions, want)
	}
	only := mustPlan(t, l.adapter(t, Options{}), l.idle(0))
	if len(only.Changes) != 1 {
		t.Errorf("a router that one node only can take: planned %+v", only.Changes)
	}
}

func TestAllNodes(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 3})
	a := l.adapter(t, Options{AllNodes: true, Backend: OpenVSwitch})
	need := []platform.Attachment{l.idle(0), l.at(0, 1), l.idle(2)}
	e := fixed(t, a, need...)
	if len(e.changes) != 3 {
		t.Errorf("%d changes, want 3", len(e.changes))
	}
	plan := mustPlan(t, a, need...)
	wantCodes(t, plan, finding.MACOnSeveral)
	if plan.Findings[0].Level != finding.Warning || len(plan.Changes) != 0 || plan.Permissions[2].Allowed != platform.Yes {
		t.Errorf("found %+v, permissions %+v", plan.Findings, plan.Permissions)
	}
	// Without the word of the operator, the same is an error, and what it lets through is not known.
	plan = mustPlan(t, l.adapter(t, Options{}), need...)
	wantCodes(t, plan, finding.MACOnSeveral, finding.PairStale, finding.PairStale)
	if plan.Findings[0].Level != finding.Error || plan.Permissions[1].Allowed != platform.Unknown {
		t.Errorf("found %+v, permissions %+v", plan.Findings, plan.Permissions)
	}
	// With the record, pruning leaves one.
	pruning := l.adapter(t, Options{Recorded: a.recorded(), Prune: true})
	fixed(t, pruning, need...)
	plan = mustPlan(t, l.adapter(t, Options{}), need...)
	wantCodes(t, plan)
	if plan.Permissions[1].Allowed != platform.Yes || plan.Permissions[0].Allowed != platform.No {
		t.Errorf("permissions %+v", plan.Permissions)
	}
}

// TestOneMACOnTwoPortsIsNeverPlanned asks for it in every way but openvswitch.
func TestOneMACOnTwoPortsIsNeverPlanned(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2, Backend: "ovn"})
	plan := mustPlan(t, l.adapter(t, Options{}), l.at(0, 0), l.at(0, 1))
	wantCodes(t, plan, finding.PairMissing, finding.PairMissing, finding.MACOnSeveral)
	if len(plan.Changes) != 0 {
		t.Errorf("two nodes at once: planned %+v", plan.Changes)
	}
	// Another hand left it on a node that is not asked about.
	l.allow(l.seed.Nodes[1].PortID, pairOf(l.at(0, 0)))
	plan = mustPlan(t, l.adapter(t, Options{Nodes: []platform.Node{l.at(0, 1).Node}, Prune: true}), l.at(0, 0))
	wantCodes(t, plan, finding.PairMissing, finding.PairStale)
	unset := fmt.Sprintf("openstack port unset --allowed-address ip-address=10.0.200.1,mac-address=%s %s", l.at(0, 0).MAC, l.seed.Nodes[1].PortID)
	if len(plan.Changes) != 0 || !slices.Equal(plan.Findings[0].Commands, []string{unset}) {
		t.Errorf("planned %+v, commands %q, want %q", plan.Changes, plan.Findings[0].Commands, unset)
	}
	// The same MAC on another network is another station.
	twin := l.AddNetwork(fakeneutron.Network{Name: "twin"})
	l.AddSubnet(fakeneutron.Subnet{NetworkID: twin.ID, CIDR: "10.50.0.0/16"})
	other := l.AddPort(fakeneutron.Port{DeviceID: "other-server", NetworkID: twin.ID, Pairs: []fakeneutron.Pair{pairOf(l.at(0, 0))}})
	l.SetPairs(l.seed.Nodes[1].PortID, nil)
	plan = mustPlan(t, l.adapter(t, Options{Nodes: []platform.Node{{Name: "x", ProviderID: "openstack:///other-server"}}}), l.at(0, 0))
	if len(plan.Changes) != 1 || plan.Changes[0].ID == other.ID {
		t.Errorf("planned %+v", plan.Changes)
	}
}

func TestHintsAgainstTheBackendThatWasNamed(t *testing.T) {
	for backend, want := range map[string]int{"ovn": 1, "openvswitch": 0, "": 0} {
		l := newLab(t, fakeneutron.Options{Ports: 1, Backend: backend})
		plan := mustPlan(t, l.adapter(t, Options{Backend: OpenVSwitch}), l.at(0, 0))
		if len(plan.Notes) != want {
			t.Errorf("%s: notes %q", backend, plan.Notes)
		}
	}
}

func TestPortSecurityGoesWhileWeWrite(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	a := l.adapter(t, Options{})
	plan := mustPlan(t, a, l.at(0, 0))
	l.ChangePort(l.seed.Nodes[0].PortID, func(p *fakeneutron.Port) { p.NoSecurity, p.SecurityGroups = true, nil })
	e := &ends{}
	err := a.Apply(t.Context(), plan, e.done)
	if err == nil || len(e.errs) != 1 || !strings.Contains(e.errs[0].Error(), "the port has no port security, so it takes no pairs and needs none") {
		t.Errorf("%v, told %v", err, e.errs)
	}
}

func TestUnseenSecurityGroupIsSaidToBeUnknown(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	at := standing(l, 0, 0)
	at.Destinations = []netip.Addr{netip.MustParseAddr("203.0.113.26")}
	l.ChangePort(l.seed.Nodes[0].PortID, func(p *fakeneutron.Port) { p.SecurityGroups = []string{"0a0a0a0a-0000-4000-8000-000000000000"} })
	plan := mustPlan(t, l.adapter(t, Options{}), at)
	wantCodes(t, plan, finding.SecurityGroups)
	if plan.Findings[0].Level != finding.Info || !strings.Contains(plan.Findings[0].Message, "is not known") {
		t.Errorf("found %+v", plan.Findings)
	}
}

// TestHoldersOnAnothersNetworkAreUnknown asks as its user, and as an administrator.
func TestHoldersOnAnothersNetworkAreUnknown(t *testing.T) {
	for user, want := range map[string][]finding.Code{"k8s": {finding.AddressHeld}, "admin": nil} {
		l := newLabAs(t, fakeneutron.Options{}, user)
		at := attachment(0, netip.MustParseAddr("10.30.200.1"), fakeneutron.SeedNode{Name: "shared", ServerID: l.seed.SharedServerID})
		l.SetPairs(l.seed.SharedPortID, []fakeneutron.Pair{pairOf(at)})
		l.AddPort(fakeneutron.Port{NetworkID: l.seed.SharedNetworkID, Name: "kept", Tags: []string{reservationTag}, FixedIPs: []fakeneutron.FixedIP{{IP: "10.30.200.1"}}})
		plan := mustPlan(t, l.adapter(t, Options{}), at)
		wantCodes(t, plan, want...)
		if len(plan.Findings) > 0 && plan.Findings[0].Level != finding.Info {
			t.Errorf("found %+v", plan.Findings)
		}
	}
}

// TestAnAdapterRemembers has one adapter see a pod move: it knows what it wrote itself.
func TestAnAdapterRemembers(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	a := l.adapter(t, Options{Prune: true})
	for _, node := range []int{0, 1, 0} {
		fixed(t, a, l.at(0, node))
		want := map[string][]Pair{"egress/r0": {{l.seed.Nodes[node].PortID, "10.0.200.1", l.at(0, 0).MAC}}}
		if got := a.recorded(); !reflect.DeepEqual(got, want) {
			t.Errorf("records %v, want %v", got, want)
		}
		if got := l.pairs(t, l.seed.Nodes[1-node].PortID); len(got) != 0 {
			t.Errorf("the other port has %v", got)
		}
	}
}

func TestRouterWithoutAddress(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	at := l.at(0, 0)
	at.IP = netip.Prefix{}
	wantCodes(t, mustPlan(t, l.adapter(t, Options{}), at), finding.NoPort)
}

// TestNamesDoNotDriveTheTerminal has a port of another whose name is an escape sequence.
func TestNamesDoNotDriveTheTerminal(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	l.AddPort(fakeneutron.Port{Name: "a\x1b[31m\nb", DeviceID: "x", FixedIPs: []fakeneutron.FixedIP{{IP: "10.0.200.1"}}})
	plan := mustPlan(t, l.adapter(t, Options{}), l.at(0, 0))
	wantCodes(t, plan, finding.AddressHeld)
	if m := plan.Findings[0].Message; strings.ContainsAny(m, "\x1b\n") || !strings.Contains(m, `a\x1b[31m\nb`) {
		t.Errorf("message %q", m)
	}
}
