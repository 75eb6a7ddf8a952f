package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// TestLateRouter: another operator-managed router comes into the namespace while create applies its own. No pod is
// restarted, none is waited for, and one list finds it, however many routers there are.
func TestLateRouter(t *testing.T) {
	l := startLab(t, lab.Options{OpenShift: true})
	b := newBench(t, filepath.Join(binaries(t), "kubectl-egress"), l.Config)
	t.Run("one", b.testLateOne)
	t.Run("many", b.testLateMany)
	t.Run("unreadable", b.testUnreadable)
}

// arrives has a router called late come into the namespace as the EgressRouter that is applied there comes.
func (b *bench) arrives(t *testing.T, namespace string) {
	t.Helper()
	late := &nov1.EgressRouter{Spec: nov1.EgressRouterSpec{
		Mode:      nov1.EgressRouterModeRedirect,
		Addresses: []nov1.EgressRouterAddress{{IP: "10.0.200.1/16", Gateway: "10.0.255.254"}},
		Redirect:  &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{{DestinationIP: "203.0.113.40", Port: 8080, Protocol: nov1.ProtocolTypeTCP}}},
	}}
	late.Namespace, late.Name = namespace, "late"
	egress.SetDefaults(late)
	b.proxy.Tamper(func(_ int, r apiproxy.Request) apiproxy.Fault {
		if r.Method == http.MethodPatch && strings.Contains(r.Path, "/namespaces/"+namespace+"/egressrouters/") {
			if err := b.client.Create(t.Context(), late.DeepCopy()); err != nil {
				t.Error(err)
			}
		}
		return apiproxy.Fault{}
	})
	t.Cleanup(func() { b.proxy.Tamper(nil) })
}

func (b *bench) testLateOne(t *testing.T) {
	const namespace = "late-one"
	if err := b.namespace(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	create := func(rule string) []string {
		return []string{"create", "partner", "-n", namespace, "--address", "10.0.200.2/16", "--gateway", "10.0.255.254", "--redirect", rule}
	}
	b.must(t, create("8080=203.0.113.26:80")...)
	b.arrives(t, namespace)
	b.proxy.Reset()
	r := b.run(t, nil, create("8080=203.0.113.27:80")...)
	if r.code != 1 || r.stdout != "egressrouter.network.operator.openshift.io/partner configured\n" ||
		!strings.Contains(r.stderr, "error EGR113: namespace late-one has another operator-managed router: late-one/late\n") ||
		!strings.HasSuffix(r.stderr, "error: egress router late-one/partner was applied, and another was made in its namespace at the same time: no pod was restarted: delete one of them\n") {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	// The API's kinds, the routers, a Deployment in the operator's way, a standalone router of the name, the router, its change,
	// and the routers once more.
	b.checkRequests(t, 8, 1)
}

func (b *bench) testLateMany(t *testing.T) {
	const n = 10
	file := b.routers(t, "late", n)
	b.arrives(t, "late-004")
	b.proxy.Reset()
	r := b.run(t, nil, "create", "-f", file, "--wait")
	if r.code != 1 || !strings.Contains(r.stderr, "error EGR113: namespace late-004 has another operator-managed router: late-004/late\n") ||
		!strings.Contains(r.stderr, "error: router late-004/partner: egress router late-004/partner was applied, and another") ||
		!strings.HasSuffix(r.stderr, fmt.Sprintf("%d routers: %d created, 0 configured, 0 unchanged, 1 failed\n", n, n-1)) {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	lists := 0
	for _, r := range b.proxy.Requests() {
		if strings.HasSuffix(r.Path, "/v1/egressrouters") {
			lists++
		}
	}
	if lists != 4 { // before, for what is there already, once for all afterwards, and for the findings when the wait has ended
		t.Errorf("EgressRouters were listed %d times, want 4", lists)
	}
}

// testUnreadable: a router that cannot be understood, which another has made, holds nobody up.
func (b *bench) testUnreadable(t *testing.T) {
	for _, namespace := range []string{"unreadable", "readable"} {
		if err := b.namespace(t.Context(), namespace); err != nil {
			t.Fatal(err)
		}
	}
	create := []string{"create", "partner", "--provisioner=standalone", "--address", "10.0.200.3/16", "--gateway", "10.0.255.254", "--redirect", "8080=203.0.113.26:80", "--wait=false"}
	b.must(t, append(create, "-n", "unreadable")...)
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = "unreadable", "partner"
	if err := b.client.Patch(t.Context(), d, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"kubectl-egress.io/router":"none"}}}`))); err != nil {
		t.Fatal(err)
	}
	r := b.must(t, append(create, "-n", "readable")...)
	if !strings.HasPrefix(r.stderr, "reading the annotation kubectl-egress.io/router of deployment.apps/partner in namespace unreadable: ") ||
		!strings.HasSuffix(r.stderr, ": whether another router has the address was not checked there\n") {
		t.Errorf("said %q", r.stderr)
	}
}
