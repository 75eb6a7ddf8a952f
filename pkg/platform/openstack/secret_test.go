package openstack

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// TestNoSecretIsEverSaid lets servers answer with what they were sent, and looks at every word that comes out.
func TestNoSecretIsEverSaid(t *testing.T) {
	for _, user := range []string{"k8s", "k8s-appcred"} {
		l := newLabAs(t, fakeneutron.Options{Ports: 2}, user)
		var said []string
		hear := func(values ...any) {
			for _, v := range values {
				said = append(said, fmt.Sprintf("%+v", v))
			}
		}
		a := l.adapter(t, Options{Reserve: true})
		plan := mustPlan(t, a, l.at(0, 0), moved(l.at(1, 1), "10.0.90.7/16"))
		hear(plan.Where, *plan)
		inner := l.cloud.wire.next
		// The last one is where a long answer is cut.
		own := append(l.cloud.secrets[:2:2], l.cloud.network.Token())
		heard := "sent " + strings.Join(own, " ")
		heard += strings.Repeat("x", max(0, 190-len(strings.Repeat(" ***", 3))-len("sent"))) + strings.Join(own, "")
		for _, status := range []int{400, 403, 409, 500, 503} {
			l.cloud.wire.next = &echo{inner, status, heard, "PUT"}
			e := &ends{}
			hear(a.Apply(t.Context(), plan, e.done), e.errs, e.changes)
		}
		l.cloud.wire.next = &echo{inner, http.StatusUnauthorized, heard, "POST"}
		l.ExpireTokens()
		_, err := l.adapter(t, Options{}).Plan(t.Context(), l.perNode())
		hear(err)
		words := strings.Join(append(said, l.said.all()...), "\n")
		if len(l.said.all()) < 20 || !strings.Contains(words, "***") {
			t.Fatalf("user %s: heard too little", user)
		}
		for _, secret := range l.Secrets() {
			if strings.Contains(words, secret) {
				t.Errorf("user %s: a secret was said", user)
				break
			}
		}
	}
}

// echo answers the requests of a method with a status and a body; the others go through.
type echo struct {
	inner  http.RoundTripper
	status int
	body   string
	method string
}

func (e *echo) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != e.method {
		return e.inner.RoundTrip(r)
	}
	return &http.Response{StatusCode: e.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(e.body)), Request: r}, nil
}

func TestUserAgent(t *testing.T) {
	l := newLab(t, fakeneutron.Options{})
	if got := l.cloud.network.UserAgent.Join(); !strings.HasPrefix(got, "kubectl-egress/test gophercloud/") {
		t.Errorf("user agent %q", got)
	}
}
