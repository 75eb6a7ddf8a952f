package check

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// onNodes is a router of 192.168.12.99/24 whose pod is on worker-1, on the nodes given.
func onNodes(nodes ...snapshot.Node) *snapshot.Snapshot {
	var r snapshot.Router
	r.Namespace, r.Name, r.Provisioner = "billing", "partner-a", egress.Standalone
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: "192.168.12.99/24", Gateway: "192.168.12.1"}}
	r.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{
		{Port: 80, Protocol: "TCP", DestinationIP: "203.0.113.26"},
		{Port: 81, Protocol: "TCP", DestinationIP: "203.0.113.26"},
	}, FallbackIP: "203.0.113.9"}
	return &snapshot.Snapshot{
		Routers: []snapshot.Router{r}, Nodes: nodes,
		Pods: []snapshot.Pod{{Namespace: "billing", Name: "partner-a-x", Labels: egress.Labels("partner-a"), Node: "worker-1",
			Ready: true, IP: "192.168.12.99", MAC: "02:E6:C0:A8:0C:63", Created: time.Unix(1, 0)}},
	}
}

// worker is a healthy node; change makes it what a test is about.
func worker(name string, change func(*snapshot.Node)) snapshot.Node {
	n := snapshot.Node{Name: name, Ready: true, Addresses: []string{"192.168.12.11"}, ProviderID: "openstack:///" + name}
	if change != nil {
		change(&n)
	}
	return n
}

func TestReadiness(t *testing.T) {
	elsewhere := func(n *snapshot.Node) { n.Addresses = []string{"10.0.0.5"} }
	master := func(s *snapshot.Snapshot) { s.Routers[0].Spec.NetworkInterface.Macvlan.Master = "ens4" }
	tests := []struct {
		name   string
		node   func(*snapshot.Node)
		change func(*snapshot.Snapshot)
		works  platform.Answer
		why    string
	}{
		{"healthy", nil, nil, platform.Yes, ""},
		{"not Ready", func(n *snapshot.Node) { n.Ready, n.NotReady = false, "NodeStatusUnknown for 5m" }, nil, platform.No, "it is not Ready: NodeStatusUnknown for 5m"},
		{"IPv6 alone", func(n *snapshot.Node) { n.Addresses, n.CIDRs = []string{"fd00::5"}, []string{"192.168.12.11/24"} }, nil, platform.No, "it has no IPv4 address"},
		{"a subnet that the CNI names", func(n *snapshot.Node) { elsewhere(n); n.CIDRs = []string{"10.0.0.5/24", "192.168.12.11/24"} }, nil, platform.Yes, ""},
		{"other subnets alone", func(n *snapshot.Node) { elsewhere(n); n.CIDRs = []string{"10.0.0.5/24", "fd00::1/64"} }, nil, platform.No, "it is in 10.0.0.0/24, not in 192.168.12.0/24"},
		{"other addresses, subnets unknown", elsewhere, nil, platform.Unknown, "its addresses (10.0.0.5) are not in 192.168.12.0/24, and nothing says which subnets it is in"},
		{"another interface", func(n *snapshot.Node) { elsewhere(n); n.CIDRs = []string{"10.0.0.5/24"} }, master, platform.Unknown, "which subnet its interface ens4 is in is not known"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := onNodes(worker("worker-1", nil), worker("worker-2", test.node))
			if test.change != nil {
				test.change(s)
			}
			var why []string
			if test.why != "" {
				why = []string{test.why}
			}
			want := Row{Router: "billing/partner-a", Node: "worker-2", Works: test.works, Why: why}
			if got := newState(s, Options{}).readiness().Rows[1]; !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestReadinessFindings(t *testing.T) {
	lost := func(n *snapshot.Node) { n.Ready = false }
	cordoned := func(n *snapshot.Node) { n.Unschedulable = true }
	tests := []struct {
		name        string
		s           *snapshot.Snapshot
		permissions []platform.Permission
		level       finding.Level
		parts       string
	}{
		{"healthy", onNodes(worker("worker-1", nil), worker("worker-2", nil)), nil, "", ""},
		{"some", onNodes(worker("worker-1", nil), worker("worker-2", lost)), nil, finding.Warning, "1 of the 2 nodes"},
		{"none", onNodes(worker("worker-1", lost), worker("worker-2", lost)), nil, finding.Error, "0 of the 2 nodes"},
		{"a cordoned one does not count", onNodes(worker("worker-1", nil), worker("worker-2", func(n *snapshot.Node) { lost(n); cordoned(n) })), nil, "", ""},
		{"the platform lets nothing through", onNodes(worker("worker-1", nil)),
			[]platform.Permission{{Router: "billing/partner-a", Node: "worker-1", Allowed: platform.No, Why: "EGR302: the pair is missing"}}, finding.Error, "EGR302: the pair is missing"},
		{"the platform lets it through", onNodes(worker("worker-1", nil)), []platform.Permission{{Router: "billing/partner-a", Node: "worker-1", Allowed: platform.Yes, Why: ""}}, "", ""},
		{"nobody knows", onNodes(worker("worker-1", nil)), []platform.Permission{{Router: "billing/partner-a", Node: "worker-1", Allowed: platform.Unknown, Why: "port 1 cannot be read"}}, finding.Warning, "port 1 cannot be read"},
		{"nodes unread", unread(onNodes()), nil, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newState(test.s, Options{})
			got := c.notReady(c.readiness().With(test.permissions))
			if test.level == "" {
				if len(got) > 0 {
					t.Errorf("got %+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Code != finding.NodeReadiness || got[0].Level != test.level || got[0].Object != "billing/partner-a" ||
				!strings.Contains(got[0].Message+got[0].Why, test.parts) || got[0].Fix == "" {
				t.Errorf("got %+v, want one %s with %q", got, test.level, test.parts)
			}
		})
	}
}

func unread(s *snapshot.Snapshot) *snapshot.Snapshot {
	s.Unknown = []snapshot.Unknown{{Resource: "nodes"}}
	return s
}

func TestNowhere(t *testing.T) {
	s := onNodes(worker("worker-1", nil))
	s.Pods = nil
	s.Deployments = []snapshot.Deployment{{Namespace: "billing", Name: "partner-a",
		Template: corev1.PodSpec{NodeSelector: map[string]string{"egress": "yes"}}}}
	c := newState(s, Options{})
	got := c.notReady(c.readiness())
	if len(got) != 1 || got[0].Level != finding.Error || got[0].Message != "no node can take its pod" {
		t.Errorf("got %+v", got)
	}
}

// Where two pods have the address, each has its star.
func TestTwoActive(t *testing.T) {
	s := decode(t, base(t, "standalone"))
	second := s.Pods[0]
	second.Name, second.Node = "second", "worker-2"
	s.Pods = append(s.Pods, second)
	var on []string
	for _, row := range Judge(s, Options{}).Matrix.Rows {
		if row.Active {
			on = append(on, row.Node)
		}
	}
	if want := []string{"worker-1", "worker-2"}; !slices.Equal(on, want) {
		t.Errorf("the pods are on %v, want %v", on, want)
	}
}

// A node whose pod runs with another address than the router's is none where the router works, whatever else holds it up.
func TestReadinessOtherAddress(t *testing.T) {
	second := func(s *snapshot.Snapshot) {
		other := s.Routers[0]
		other.Name, other.Spec.Addresses = "partner-b", []nov1.EgressRouterAddress{{IP: "192.168.12.98/24", Gateway: "192.168.12.1"}}
		s.Routers = append(s.Routers, other)
		s.NADs[0].Router = "partner-b"
	}
	tests := map[string]struct {
		base   string
		change func(*snapshot.Snapshot)
		works  platform.Answer
	}{
		"its own":                    {"standalone", func(*snapshot.Snapshot) {}, platform.Yes},
		"another":                    {"standalone", func(s *snapshot.Snapshot) { s.Pods[0].IP = "192.168.12.98" }, platform.No},
		"another, and no NAD":        {"standalone", func(s *snapshot.Snapshot) { s.Pods[0].IP, s.NADs = "192.168.12.98", nil }, platform.No},
		"another's of the namespace": {"operator", func(s *snapshot.Snapshot) { second(s); s.Pods[0].IP = "192.168.12.98" }, platform.No},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := decode(t, base(t, test.base))
			test.change(s)
			for _, row := range Judge(s, Options{}).Matrix.Rows {
				if row.Router == "billing/partner-a" && row.Active && row.Works != test.works {
					t.Errorf("on %s, where its pod is, it works: %s, want %s", row.Node, row.Works, test.works)
				}
			}
		})
	}
}
