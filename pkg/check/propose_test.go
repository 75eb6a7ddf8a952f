package check

import (
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// TestPropose: an address is proposed where nothing speaks against its router, and only in a namespace about which nobody has
// decided yet.
func TestPropose(t *testing.T) {
	same := func(*snapshot.Snapshot) {}
	rival := func(s *snapshot.Snapshot) {
		other := *s.Routers[0].DeepCopy()
		other.Namespace = "shop"
		s.Routers = append(s.Routers, snapshot.Router{EgressRouter: other, Provisioner: s.Routers[0].Provisioner})
	}
	for name, test := range map[string]struct {
		change func(*snapshot.Snapshot)
		grants map[string]string
		// granted is what is proposed for namespace billing, doubts begin what is said of its doubtful routers.
		granted string
		doubts  []string
	}{
		"it works":           {change: same, granted: "192.168.12.99"},
		"others have theirs": {change: same, grants: map[string]string{"shop": "192.168.12.100"}, granted: "192.168.12.99"},
		"it is granted":      {change: same, grants: map[string]string{"billing": "192.168.12.96/29"}},
		"another has it": {change: same, grants: map[string]string{"shop": "192.168.12.96/29"},
			doubts: []string{"billing/partner-a: 192.168.12.99 overlaps 192.168.12.96/29, which is granted to namespace shop"}},
		"its namespace has others": {change: same, grants: map[string]string{"billing": "192.168.12.100"},
			doubts: []string{"billing/partner-a: namespace billing is not granted 192.168.12.99"}},
		"its grant was removed": {change: same, grants: map[string]string{"billing": ""},
			doubts: []string{"billing/partner-a: namespace billing is not granted 192.168.12.99"}},
		"its grant cannot be read": {change: same, grants: map[string]string{"billing": "web"},
			doubts: []string{"billing/partner-a: the grant of namespace billing cannot be read"}},
		"no pod":        {change: func(s *snapshot.Snapshot) { s.Pods = nil }, doubts: []string{"billing/partner-a: it has no ready pod"}},
		"not ready":     {change: func(s *snapshot.Snapshot) { s.Pods[0].Ready = false }, doubts: []string{"billing/partner-a: it has no ready pod"}},
		"other address": {change: func(s *snapshot.Snapshot) { s.Pods[0].IP = "192.168.12.98" }, doubts: []string{"billing/partner-a: net1 of its pod does not have 192.168.12.99"}},
		"a forged pod":  {change: func(s *snapshot.Snapshot) { s.Pods[0].Owner = "other-5d4f8c7b9" }, doubts: []string{"billing/partner-a: pod partner-a-6c9f7b-q7k2m is not one of deployment.apps/partner-a"}},
		"an error": {change: func(s *snapshot.Snapshot) { s.Routers[0].Spec.Addresses[0].Gateway = "10.0.0.1" },
			doubts: []string{"billing/partner-a: EGR104: "}},
		"two have it": {change: rival, doubts: []string{"billing/partner-a: ", "shop/partner-a: it has no ready pod"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := decode(t, base(t, "standalone"))
			s.Pods[0].Owner, s.Pods[0].Attachment = "partner-a-6c9f7b", "billing/partner-a"
			test.change(s)
			got := Propose(grant.Parse(test.grants), s, Judge(s, Options{}))
			granted := ""
			for _, proposed := range got.Namespaces {
				granted += grant.Text(proposed.Grant.Addresses)
				if proposed.Grant.Namespace != "billing" || strings.Join(proposed.Routers, " ") != "partner-a (192.168.12.99)" {
					t.Errorf("proposed %+v", proposed)
				}
			}
			if granted != test.granted || len(got.Doubtful) != len(test.doubts) {
				t.Fatalf("proposed %q, doubts %q, want %q and %q", granted, got.Doubtful, test.granted, test.doubts)
			}
			for i, doubt := range got.Doubtful {
				if !strings.HasPrefix(doubt, test.doubts[i]) {
					t.Errorf("said %q, want %q", doubt, test.doubts[i])
				}
			}
		})
	}
}
