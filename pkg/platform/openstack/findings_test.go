package openstack

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// scene makes a situation in a lab and says what is asked about it.
type scene func(l *lab) (Options, []platform.Attachment)

// sight is a code, a scene in which it must be found, and the nearest one in which it must not.
type sight struct {
	code   finding.Code
	level  finding.Level
	name   string
	broken scene
	whole  scene
	// says is part of the finding's message.
	says string
}

// standing is a router whose pair is in place.
func standing(l *lab, i, node int) platform.Attachment {
	at := l.at(i, node)
	l.allow(l.seed.Nodes[node].PortID, pairOf(at))
	return at
}

// allow adds pairs to a port.
func (l *lab) allow(portID string, pairs ...fakeneutron.Pair) {
	p, _ := l.Port(portID)
	l.SetPairs(portID, append(p.Pairs, pairs...))
}

// fill adds n pairs that have nothing to do with routers.
func (l *lab) fill(portID string, n int) {
	for i := range n {
		l.allow(portID, fakeneutron.Pair{IP: netip.AddrFrom4([4]byte{10, 0, 150, byte(i)}).String(), MAC: "fa:16:3e:00:00:05"})
	}
}

// ask is the zero Options with attachments.
func ask(need ...platform.Attachment) (Options, []platform.Attachment) { return Options{}, need }

func moved(at platform.Attachment, address string) platform.Attachment {
	at.IP = netip.MustParsePrefix(address)
	return at
}

func recordOn(l *lab, at platform.Attachment, node int) map[string][]Pair {
	return map[string][]Pair{at.Router: {{l.seed.Nodes[node].PortID, at.IP.Addr().String(), at.MAC}}}
}

func wholeOne(l *lab) (Options, []platform.Attachment) { return ask(standing(l, 0, 0)) }

func TestEveryFindingIsFoundAndItsTwinIsNot(t *testing.T) {
	sights := slices.Concat(portSights(), pairSights(), addressSights())
	for _, s := range sights {
		t.Run(string(s.code)+" "+s.name, func(t *testing.T) {
			for _, side := range []struct {
				name  string
				scene scene
				found bool
			}{{"broken", s.broken, true}, {"whole", s.whole, false}} {
				l := newLab(t, fakeneutron.Options{Ports: 3})
				options, need := side.scene(l)
				plan := mustPlan(t, l.adapter(t, options), need...)
				i := slices.IndexFunc(plan.Findings, func(f finding.Finding) bool { return f.Code == s.code })
				if (i >= 0) != side.found {
					t.Fatalf("%s: found %+v", side.name, plan.Findings)
				}
				if i >= 0 {
					checkFinding(t, plan.Findings[i], s)
				}
				if len(l.writes()) != 0 {
					t.Error("planning wrote")
				}
			}
		})
	}
	for _, entry := range finding.Catalogue() {
		if strings.HasPrefix(string(entry.Code), "EGR3") && !slices.ContainsFunc(sights, func(s sight) bool { return s.code == entry.Code }) {
			t.Errorf("no test finds %s", entry.Code)
		}
	}
}

func checkFinding(t *testing.T, f finding.Finding, s sight) {
	t.Helper()
	if f.Level != s.level || !strings.Contains(f.Message, s.says) {
		t.Errorf("found %+v, want level %s and %q", f, s.level, s.says)
	}
	if !strings.HasPrefix(f.Object, "egress/r") || f.Message == "" || f.Why == "" || f.Fix == "" || strings.Contains(f.Message+f.Why+f.Fix, "\n") || strings.Contains(f.Fix, "openstack ") {
		t.Errorf("a finding that says too little, or on several lines: %+v", f)
	}
}

// portSights are those about which port a node has, and what it is like.
func portSights() []sight {
	onShared := func(l *lab) (Options, []platform.Attachment) {
		at := moved(l.at(0, 0), "10.30.200.1/16")
		at.Node.ProviderID = "openstack:///" + l.seed.SharedServerID
		return ask(at)
	}
	towards := func(rules ...fakeneutron.Rule) scene {
		return func(l *lab) (Options, []platform.Attachment) {
			l.SetRules(l.seed.SecurityGroupID, rules)
			at := standing(l, 0, 0)
			at.Destinations = []netip.Addr{netip.MustParseAddr("203.0.113.26")}
			return ask(at)
		}
	}
	return []sight{
		{finding.NoPort, finding.Error, "no such server", func(l *lab) (Options, []platform.Attachment) {
			at := l.at(0, 0)
			at.Node.ProviderID = "openstack:///0a0a0a0a-0000-4000-8000-000000000000"
			return ask(at)
		}, wholeOne, "has no port that project k8s"},
		{finding.NoPort, finding.Error, "two ports in the subnet", func(l *lab) (Options, []platform.Attachment) {
			l.AddPort(fakeneutron.Port{DeviceID: l.seed.Nodes[0].ServerID})
			return ask(l.at(0, 0))
		}, func(l *lab) (Options, []platform.Attachment) {
			l.AddPort(fakeneutron.Port{DeviceID: l.seed.Nodes[0].ServerID, NetworkID: l.seed.SharedNetworkID})
			return wholeOne(l)
		}, "2 of its ports are in the subnet"},
		{finding.PortSecurityOff, finding.Info, "off", func(l *lab) (Options, []platform.Attachment) {
			l.ChangePort(l.seed.Nodes[0].PortID, func(p *fakeneutron.Port) { p.NoSecurity, p.SecurityGroups = true, nil })
			return ask(l.at(0, 0))
		}, wholeOne, "has no port security"},
		{finding.SecurityGroups, finding.Warning, "no rule for it", towards(fakeneutron.Rule{Direction: "egress", RemoteIP: "198.51.100.0/24"}),
			towards(fakeneutron.Rule{Direction: "egress", RemoteIP: "203.0.113.0/24"}), "let nothing out to 203.0.113.26"},
		{finding.SecurityGroups, finding.Warning, "only IPv6 and in", towards(fakeneutron.Rule{Direction: "egress", EtherType: "IPv6"}, fakeneutron.Rule{Direction: "ingress"}),
			towards(fakeneutron.Rule{Direction: "egress"}), "let nothing out to 203.0.113.26"},
		{finding.PairsForbidden, finding.Error, "network of another project", onShared, func(l *lab) (Options, []platform.Attachment) { return ask(l.at(0, 0)) }, "belongs to project"},
	}
}

// pairSights are those about pairs.
func pairSights() []sight {
	return []sight{
		{finding.PairMissing, finding.Error, "none", func(l *lab) (Options, []platform.Attachment) { return ask(l.at(0, 0)) }, wholeOne, "does not allow 10.0.200.1 with MAC 0a:e6:0a:00:c8:01"},
		{finding.PairMissing, finding.Error, "a wider pair with the port's own MAC", func(l *lab) (Options, []platform.Attachment) {
			l.allow(l.seed.Nodes[0].PortID, fakeneutron.Pair{IP: "10.0.200.0/24"})
			return ask(l.at(0, 0))
		}, func(l *lab) (Options, []platform.Attachment) {
			l.allow(l.seed.Nodes[0].PortID, fakeneutron.Pair{IP: "10.0.200.1/32", MAC: "0A-E6-0A-00-C8-01"})
			return ask(l.at(0, 0))
		}, "does not allow"},
		{finding.PairMissing, finding.Error, "no MAC known", func(l *lab) (Options, []platform.Attachment) {
			at := l.at(0, 0)
			at.MAC = ""
			return ask(at)
		}, wholeOne, "the MAC of net1 is not known"},
		{finding.PairMissing, finding.Warning, "no pod, two nodes", func(l *lab) (Options, []platform.Attachment) {
			one, two := l.at(0, 0), l.at(0, 1)
			one.Active, two.Active = false, false
			return ask(one, two)
		}, func(l *lab) (Options, []platform.Attachment) {
			one, two := standing(l, 0, 0), l.at(0, 1)
			two.Active = false
			return ask(one, two)
		}, "no pod of the router runs"},
		{finding.PairStale, finding.Warning, "recorded", func(l *lab) (Options, []platform.Attachment) {
			l.allow(l.seed.Nodes[0].PortID, fakeneutron.Pair{IP: "10.0.200.1", MAC: "0a:00:00:00:00:01"})
			at := standing(l, 0, 0)
			return Options{Recorded: map[string][]Pair{at.Router: {{l.seed.Nodes[0].PortID, "10.0.200.1", "0a:00:00:00:00:01"}}}}, []platform.Attachment{at}
		}, func(l *lab) (Options, []platform.Attachment) {
			at := standing(l, 0, 0)
			return Options{Recorded: recordOn(l, at, 0)}, []platform.Attachment{at}
		}, "allows 10.0.200.1 with MAC 0a:00:00:00:00:01, which is no longer needed"},
		{finding.PairStale, finding.Warning, "another's, on another port", func(l *lab) (Options, []platform.Attachment) {
			l.allow(l.seed.Nodes[1].PortID, fakeneutron.Pair{IP: "10.0.200.1/32", MAC: "0a:00:00:00:00:01"})
			return Options{Nodes: []platform.Node{l.at(0, 1).Node}}, []platform.Attachment{standing(l, 0, 0)}
		}, func(l *lab) (Options, []platform.Attachment) {
			l.allow(l.seed.Nodes[1].PortID, fakeneutron.Pair{IP: "10.0.200.2/32", MAC: "0a:00:00:00:00:01"})
			return Options{Nodes: []platform.Node{l.at(0, 1).Node}}, []platform.Attachment{standing(l, 0, 0)}
		}, "allows 10.0.200.1/32"},
		{finding.PairLimit, finding.Error, "full", func(l *lab) (Options, []platform.Attachment) {
			l.fill(l.seed.Nodes[0].PortID, 10)
			return ask(l.at(0, 0))
		}, func(l *lab) (Options, []platform.Attachment) {
			l.fill(l.seed.Nodes[0].PortID, 7)
			return ask(l.at(0, 0))
		}, "has no room for the pair of 10.0.200.1: it may have 10"},
		{finding.PairLimit, finding.Warning, "room for one", func(l *lab) (Options, []platform.Attachment) {
			l.fill(l.seed.Nodes[0].PortID, 8)
			return wholeOne(l)
		}, func(l *lab) (Options, []platform.Attachment) {
			l.fill(l.seed.Nodes[0].PortID, 8)
			return Options{MaxPairs: 20}, []platform.Attachment{standing(l, 0, 0)}
		}, "room for 1 more pairs: 9 of 10"},
		{finding.MACOnSeveral, finding.Error, "on two ports", func(l *lab) (Options, []platform.Attachment) {
			l.allow(l.seed.Nodes[1].PortID, pairOf(l.at(0, 0)))
			return Options{Nodes: []platform.Node{l.at(0, 1).Node}}, []platform.Attachment{standing(l, 0, 0)}
		}, func(l *lab) (Options, []platform.Attachment) {
			return ask(standing(l, 0, 0), standing(l, 1, 1))
		}, "is allowed on 2 ports of network nodes"},
		{finding.MACOnSeveral, finding.Warning, "openvswitch", func(l *lab) (Options, []platform.Attachment) {
			return Options{AllNodes: true, Backend: OpenVSwitch}, []platform.Attachment{standing(l, 0, 0), standing(l, 0, 1)}
		}, func(l *lab) (Options, []platform.Attachment) {
			return Options{AllNodes: true, Backend: OpenVSwitch}, []platform.Attachment{standing(l, 0, 0)}
		}, "is allowed on 2 ports of network nodes"},
	}
}

// addressSights are those about the reserved address.
func addressSights() []sight {
	inPool := func(l *lab) platform.Attachment { return moved(l.at(0, 0), "10.0.90.7/16") }
	named := func(at platform.Attachment) platform.Attachment {
		at.Named = true
		return at
	}
	virtual := func(node int, ip string) scene {
		return func(l *lab) (Options, []platform.Attachment) {
			l.allow(l.seed.Nodes[node].PortID, fakeneutron.Pair{IP: ip})
			return Options{Nodes: []platform.Node{l.at(0, node).Node}}, []platform.Attachment{named(l.at(0, 0))}
		}
	}
	heldBy := func(p fakeneutron.Port) scene {
		return func(l *lab) (Options, []platform.Attachment) {
			if p.NetworkID == "shared" {
				p.NetworkID = l.AddNetwork(fakeneutron.Network{Name: "twin"}).ID
				l.AddSubnet(fakeneutron.Subnet{NetworkID: p.NetworkID, CIDR: "10.0.0.0/16"})
			}
			p.FixedIPs = []fakeneutron.FixedIP{{IP: "10.0.90.7"}}
			l.AddPort(p)
			return ask(inPool(l))
		}
	}
	return []sight{
		{finding.AddressHeld, finding.Error, "another server's", heldBy(fakeneutron.Port{DeviceID: "somebody", Name: "db"}),
			heldBy(fakeneutron.Port{DeviceID: "somebody", NetworkID: "shared"}), "10.0.90.7 belongs to port db"},
		{finding.AddressHeld, finding.Error, "an EgressIP's", heldBy(fakeneutron.Port{DeviceID: "x", DeviceOwner: "OpenShiftEgressIP"}),
			heldBy(fakeneutron.Port{DeviceID: "egress/r0", DeviceOwner: "kubectl-egress"}), "OpenShift's reservation for an EgressIP"},
		{finding.AddressHeld, finding.Error, "a port without an owner", heldBy(fakeneutron.Port{Name: "api-vip"}),
			heldBy(fakeneutron.Port{Tags: []string{"kubectl-egress"}}), "10.0.90.7 belongs to port api-vip"},
		{finding.AddressHeld, finding.Error, "a port without an owner, and no name for it", heldBy(fakeneutron.Port{Name: "ingress-vip", Tags: []string{"openshiftClusterID=x"}}),
			func(l *lab) (Options, []platform.Attachment) {
				heldBy(fakeneutron.Port{})(l)
				return ask(named(inPool(l)))
			}, "without an owner"},
		{finding.AddressHeld, finding.Error, "virtual, on its own node", virtual(0, "10.0.200.1"), virtual(0, "10.0.200.0/24"), "10.0.200.1 is a virtual address of port"},
		{finding.AddressHeld, finding.Error, "virtual, on another node", virtual(1, "10.0.200.1/32"), virtual(1, "10.0.200.2"), "10.0.200.1 is a virtual address of port"},
		{finding.AddressHeld, finding.Error, "the node's own", func(l *lab) (Options, []platform.Attachment) {
			return ask(moved(l.at(0, 0), l.seed.Nodes[0].IP+"/16"))
		}, wholeOne, "the node's own"},
		{finding.NotInSubnet, finding.Error, "elsewhere", func(l *lab) (Options, []platform.Attachment) { return ask(moved(l.at(0, 0), "192.0.2.1/24")) },
			func(l *lab) (Options, []platform.Attachment) {
				l.AddSubnet(fakeneutron.Subnet{NetworkID: l.seed.NetworkID, CIDR: "192.0.2.0/24"})
				return ask(moved(l.at(0, 0), "192.0.2.1/24"))
			}, "192.0.2.1 is in no subnet of network nodes"},
		{finding.NotReserved, finding.Warning, "in the pool", func(l *lab) (Options, []platform.Attachment) { return ask(inPool(l)) },
			func(l *lab) (Options, []platform.Attachment) { return ask(l.at(0, 0)) }, "10.0.90.7 is in an allocation pool"},
		{finding.NotReserved, finding.Warning, "in the pool, its twin elsewhere", heldBy(fakeneutron.Port{NetworkID: "shared"}),
			heldBy(fakeneutron.Port{Name: "kept by hand", Tags: []string{"kubectl-egress"}}), "no port holds it"},
	}
}

// A fix names the command that was called.
func TestFindingsNameTheCommand(t *testing.T) {
	for caller, want := range map[finding.Caller]string{
		{}:                     "kubectl egress status partner-a -n billing",
		{Command: "oc egress"}: "oc egress status partner-a -n billing",
		{Context: "two words"}: "kubectl egress status partner-a -n billing --context 'two words'",
	} {
		if f := noPod(caller, "billing/partner-a", 3); !slices.Equal(f.Commands, []string{want}) {
			t.Errorf("the commands are %q, want %q", f.Commands, want)
		}
	}
}
