package platform_test

import (
	"strings"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// claimed is a cluster with one router of a provisioner, whose pod shows what it should.
func claimed(p egress.Provisioner) *snapshot.Snapshot {
	router := snapshot.Router{Provisioner: p}
	router.Namespace, router.Name = "billing", "partner-a"
	router.Spec.Addresses = []nov1.EgressRouterAddress{{IP: "192.168.12.99/24", Gateway: "192.168.12.1"}}
	tuning := ""
	if p == egress.Standalone {
		tuning = `,{"type":"tuning","mac":"02:E6:c0:a8:0c:63"}`
	}
	nad, labels := p.NADName("partner-a"), egress.Labels("partner-a")
	if p != egress.Standalone {
		labels = p.PodLabels("partner-a")
	}
	return &snapshot.Snapshot{
		Routers: []snapshot.Router{router},
		NADs: []snapshot.NAD{{Namespace: "billing", Name: nad,
			Config: `{"cniVersion":"0.4.0","plugins":[{"type":"egress-router","ip":{"addresses":["192.168.12.99/24"],"gateway":"192.168.12.1"}}` + tuning + `]}`}},
		Pods: []snapshot.Pod{{Namespace: "billing", Name: "pod", Labels: labels, Node: "worker-1", Owner: p.DeploymentName("partner-a") + "-5d4f8c7b9",
			IP: "192.168.12.99", MAC: "02:e6:c0:a8:0c:63", Attachment: "billing/" + nad}},
	}
}

// TestIdentity: what a pod shows is its router's only where everything agrees.
func TestIdentity(t *testing.T) {
	for name, test := range map[string]struct {
		change func(s *snapshot.Snapshot)
		// want are the errors under the operator and standalone; "" is none.
		operator, standalone string
	}{
		"all agrees":        {change: func(*snapshot.Snapshot) {}},
		"no pod":            {change: func(s *snapshot.Snapshot) { s.Pods = nil }},
		"no net1 yet":       {change: func(s *snapshot.Snapshot) { s.Pods[0].MAC, s.Pods[0].Owner, s.NADs = "", "", nil }},
		"the NAD is gone":   same(func(s *snapshot.Snapshot) { s.NADs = nil }, "is gone"),
		"another's NAD":     same(func(s *snapshot.Snapshot) { s.NADs[0].Namespace = "shop" }, "is gone"),
		"a NAD for another": same(func(s *snapshot.Snapshot) { s.NADs[0].Config = strings.Replace(s.NADs[0].Config, ".99/", ".98/", 1) }, "has address 192.168.12.98/24, not 192.168.12.99"),
		"no plugin":         same(func(s *snapshot.Snapshot) { s.NADs[0].Config = "" }, "cannot be read"),
		"no address":        same(func(s *snapshot.Snapshot) { s.NADs[0].Config = `{"type":"egress-router"}` }, "has address none"),
		"another address":   same(func(s *snapshot.Snapshot) { s.Pods[0].IP = "192.168.12.98" }, "has address 192.168.12.98 on net1"),
		"another network":   same(func(s *snapshot.Snapshot) { s.Pods[0].Attachment = "shop/x" }, `is of network "shop/x", not of NAD billing/`),
		"no owner":          same(func(s *snapshot.Snapshot) { s.Pods[0].Owner = "" }, "no ReplicaSet of that controls it"),
		"another's owner":   same(func(s *snapshot.Snapshot) { s.Pods[0].Owner = "other-5d4f8c7b9" }, "no ReplicaSet of that controls it"),
		"a longer name's":   same(func(s *snapshot.Snapshot) { s.Pods[0].Owner = strings.Replace(s.Pods[0].Owner, "-5d4f", "-b-5d4f", 1) }, "no ReplicaSet of that controls it"),
		"another MAC":       {mac("0a:58:0a:00:00:01"), "", "its NAD fixes"},
		"multicast":         {mac("03:00:00:00:00:01"), "a multicast address", "its NAD fixes"},
		"a device's":        {mac("00:50:56:00:00:01"), "must be locally administered, such as 02:e6:c0:a8:0c:63", "its NAD fixes"},
		"Neutron's":         {mac("fa:16:3e:00:00:01"), "Neutron gives fa:16:3e:... to ports", "its NAD fixes"},
		"another router's":  {mac("02:e6:c0:a8:0c:64"), "is the one of address 192.168.12.100", "its NAD fixes"},
		"no MAC at all":     {mac("x"), `has MAC "x", which is none`, `has MAC "x", which is none`},
		"eight bytes":       {mac("02:00:00:00:00:00:00:01"), "which is none", "which is none"},
		"another's, fixed":  {fixed("02:e6:c0:a8:0c:64"), "is the one of address 192.168.12.100", "is the one of address 192.168.12.100"},
		"Neutron's, fixed":  {fixed("fa:16:3e:00:00:01"), "Neutron gives", "Neutron gives"},
		"a chosen one":      {change: fixed("0a:00:00:00:00:01")},
	} {
		for p, want := range map[egress.Provisioner]string{egress.Operator: test.operator, egress.Standalone: test.standalone} {
			t.Run(name+" "+string(p), func(t *testing.T) {
				s := claimed(p)
				test.change(s)
				err := platform.Identity(s.Index(), s.Routers[0])
				if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			})
		}
	}
}

// same is a test that ends alike for both provisioners.
func same(change func(*snapshot.Snapshot), want string) (out struct {
	change               func(s *snapshot.Snapshot)
	operator, standalone string
}) {
	out.change, out.operator, out.standalone = change, want, want
	return out
}

func mac(text string) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { s.Pods[0].MAC = text }
}

// fixed has both NAD and pod have a MAC.
func fixed(text string) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		s.Pods[0].MAC = text
		s.NADs[0].Config = strings.ReplaceAll(s.NADs[0].Config, "02:E6:c0:a8:0c:63", text)
		if !strings.Contains(s.NADs[0].Config, text) {
			s.NADs[0].Config = strings.Replace(s.NADs[0].Config, "]}", `,{"type":"tuning","mac":"`+text+`"}]}`, 1)
		}
	}
}
