package check

import (
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// TestFixesSpareNeighbours: no fix of any code writes to what another router of the namespace, in which there is nothing
// to find, has to itself or shares.
func TestFixesSpareNeighbours(t *testing.T) {
	const neighbour = "partner-neighbour"
	for _, entry := range finding.Catalogue() {
		if !strings.HasPrefix(string(entry.Code), "EGR2") || hasOwnTest(entry.Code) {
			continue
		}
		for _, c := range readCode(t, entry.Code).Found {
			t.Run(string(entry.Code)+" "+c.Name, func(t *testing.T) {
				s := decode(t, c.patched(t))
				shared := settle(t, s, neighbour)
				for _, f := range Judge(s, c.options()).Findings {
					if f.Code != entry.Code || f.Object == "billing/"+neighbour {
						continue
					}
					do := strings.Join(append([]string{f.Fix}, f.Commands...), "\n")
					if strings.Contains(do, neighbour) {
						t.Errorf("a fix is about %s: %s", neighbour, do)
					}
					for _, write := range shared {
						if strings.Contains(do, write) {
							t.Errorf("a fix changes what %s shares: %s", neighbour, do)
						}
					}
				}
			})
		}
	}
}

// settle puts a standalone router that serves into namespace billing, beside what is there, and gives the commands by
// which what it shares with others would be changed.
func settle(t *testing.T, s *snapshot.Snapshot, name string) (shared []string) {
	t.Helper()
	rename := strings.NewReplacer("partner-a", name, "192.168.12.99", "192.168.12.222", "02:e6:c0:a8:0c:63", "02:e6:c0:a8:0c:de")
	own := decode(t, []byte(rename.Replace(string(base(t, "standalone")))))
	r := own.Routers[0]
	if r.Provisioner != egress.Standalone || r.Namespace != "billing" || len(own.Routers) != 1 {
		t.Fatalf("the neighbour is %+v", r)
	}
	for _, service := range s.Index().ServicesOf(r) {
		shared = append(shared, "edit service "+service.Name+" ", "--name "+service.Name+" ")
	}
	for _, policy := range s.Index().PoliciesOf(r) {
		shared = append(shared, "delete networkpolicy "+policy.Name+" ", "edit networkpolicy "+policy.Name+" ")
	}
	s.Routers = append(s.Routers, r)
	s.NADs = append(s.NADs, own.NADs...)
	s.Deployments = append(s.Deployments, own.Deployments...)
	s.Pods = append(s.Pods, own.Pods...)
	s.Services = append(s.Services, own.Services...)
	s.NetworkPolicies = append(s.NetworkPolicies, own.NetworkPolicies...)
	s.Sort()
	return shared
}

// TestGoneBesideUnknown: a namespace that could not be read may hold a router.
func TestGoneBesideUnknown(t *testing.T) {
	s := decode(t, base(t, "operator"))
	s.Unknown = []snapshot.Unknown{{Resource: routersResource, Group: egress.Resource.Group, Namespace: "shop", Reason: "forbidden"}}
	c := newState(s, Options{})
	if _, got := c.forget("shop", "old"); got != "kubectl rollout restart deployment/network-operator -n openshift-network-operator" {
		t.Errorf("the command is %s", got)
	}
}
