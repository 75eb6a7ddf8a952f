package controller_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// testDoubt: where a router looks out of step only since what is remembered is old, the API server is asked before that
// is said, and what it says is acted on.
func (c *shared) testDoubt(t *testing.T) {
	s := c.newSite(t, fakeneutron.Options{Ports: 2})
	s.standalone(0)
	s.put(0, "worker-1")
	p := s.run(func(o *options) { o.Resync = time.Hour })
	s.await(s.want(1))
	s.awaitRecord("worker-1")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")

	// The watch of Deployments ends and does not come back, so nobody hears that another moves the pair, and records it.
	p.proxy.Tamper(func(_ int, r apiproxy.Request) apiproxy.Fault {
		if strings.HasSuffix(r.Path, "/deployments") && strings.Contains(r.Query, "watch=") {
			return apiproxy.Fault{Status: http.StatusInternalServerError}
		}
		return apiproxy.Fault{}
	})
	if err := p.proxy.Outage(0); err != nil {
		t.Fatal(err)
	}
	s.setRecord(0, s.wantRecord(0, "worker-2"))
	s.neutron.SetPairs(s.port("worker-1"), nil)
	s.neutron.SetPairs(s.port("worker-2"), []fakeneutron.Pair{{IP: address(0), MAC: mac(0)}})
	// News of a node has all compared.
	s.create(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "late", Labels: map[string]string{labelSite: ""}}})

	s.await(s.want(1))
	s.awaitRecord("worker-1")
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	if said := p.log.lines("about=router"); len(said) > 0 {
		t.Errorf("it complained of a router that nothing is wrong with: %s", strings.Join(said, ""))
	}
}
