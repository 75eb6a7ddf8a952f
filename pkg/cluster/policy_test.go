package cluster_test

import (
	"context"
	"slices"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
)

// testPolicy: the policy is written before the EgressRouter, so that no pod is ever without it, and is given
// its owner after. Where the second of the writes is lost with the command, the next run does it.
func (s *server) testPolicy(t *testing.T) {
	s.namespace(t, "policy")
	r := newRouter("policy", "partner-a", "192.168.17.99/24", "192.168.17.1")
	policies := "/apis/networking.k8s.io/v1/namespaces/policy/networkpolicies/partner-a"
	routers := "/apis/network.operator.openshift.io/v1/namespaces/policy/egressrouters/partner-a"
	s.proxy.Reset()
	applied, err := applyPolicy(t.Context(), s.client, r)
	if err != nil {
		t.Fatal(err)
	}
	s.checkWrites(t, policies, routers, policies)
	if len(applied) != 2 || applied[0].Result != apply.Created || applied[1].Result != apply.Created {
		t.Errorf("applied %+v", applied)
	}
	s.checkOwner(t, r)
	if _, err := applyPolicy(t.Context(), s.client, r); err != nil {
		t.Fatal(err)
	}
	s.checkWrites(t)

	// Cut off before the second write.
	if err := remove(t.Context(), s.client, r); err != nil {
		t.Fatal(err)
	}
	s.proxy.Reset()
	ctx, cancel := context.WithCancel(t.Context())
	writes := 0
	s.proxy.Tamper(func(_ int, r apiproxy.Request) apiproxy.Fault {
		if r.Write() {
			writes++
		}
		if writes < 3 {
			return apiproxy.Fault{}
		}
		cancel()
		return apiproxy.Fault{Drop: true}
	})
	_, err = applyPolicy(ctx, s.client, r)
	s.proxy.Tamper(nil)
	if err == nil {
		t.Error("nothing was cut off")
	}
	s.proxy.Reset()
	if _, err := applyPolicy(t.Context(), s.client, r); err != nil {
		t.Fatal(err)
	}
	s.checkWrites(t, policies)
	s.checkOwner(t, r)
}

func applyPolicy(ctx context.Context, c *cluster.Client, r *nov1.EgressRouter) ([]apply.Applied, error) {
	a, err := apply.New(ctx, c, []*nov1.EgressRouter{r}, egress.Operator, false, apply.Options{NetworkPolicies: true})
	if err != nil {
		return nil, err
	}
	cr, err := render.EgressRouter(r)
	if err != nil {
		return nil, err
	}
	policy := func(owner types.UID) (*unstructured.Unstructured, error) {
		return render.NetworkPolicy(r, render.PolicyOptions{From: []render.Clients{{Namespace: "shop"}}, Provisioner: egress.Operator, Owner: owner})
	}
	return a.Router(ctx, apply.Request{Router: r, Objects: []apply.Object{policy, apply.Fixed(cr)}})
}

// checkWrites compares the paths of what was written since the last Reset, in order.
func (s *server) checkWrites(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, r := range s.proxy.Requests() {
		if r.Write() {
			got = append(got, r.Path)
		}
	}
	s.proxy.Reset()
	if !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

// checkOwner: the policy goes with the EgressRouter that is there.
func (s *server) checkOwner(t *testing.T, r *nov1.EgressRouter) {
	t.Helper()
	live, policy := &nov1.EgressRouter{}, &networkingv1.NetworkPolicy{}
	if err := s.admin.Get(t.Context(), key(r), live); err != nil {
		t.Fatal(err)
	}
	if err := s.admin.Get(t.Context(), key(r), policy); err != nil {
		t.Fatal(err)
	}
	if len(policy.OwnerReferences) != 1 || policy.OwnerReferences[0].UID != live.UID {
		t.Errorf("owners %+v, want the UID %s", policy.OwnerReferences, live.UID)
	}
}
