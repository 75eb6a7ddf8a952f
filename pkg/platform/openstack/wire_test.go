package openstack

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// pauses makes a cloud note how long it would have waited.
func pauses(l *lab) *[]time.Duration {
	var out []time.Duration
	l.cloud.wire.pause = func(ctx context.Context, d time.Duration) error {
		out = append(out, d)
		return ctx.Err()
	}
	return &out
}

func TestRetryAfterIsHeard(t *testing.T) {
	for _, method := range []string{"GET", "PUT"} {
		l := newLab(t, fakeneutron.Options{Ports: 1})
		waited := pauses(l)
		l.Inject(fakeneutron.Fault{Status: 503, RetryAfter: "7", Times: 2, Match: func(r fakeneutron.Request) bool { return r.Method == method }})
		fixed(t, l.adapter(t, Options{}), l.at(0, 0))
		if want := []time.Duration{7 * time.Second, 7 * time.Second}; !slices.Equal(*waited, want) {
			t.Errorf("%s: waited %v, want %v", method, *waited, want)
		}
	}
}

func TestRetryAfterThatIsTooLong(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	waited := pauses(l)
	l.Inject(fakeneutron.Fault{Status: 503, RetryAfter: "3600", Match: func(r fakeneutron.Request) bool { return r.Method == http.MethodPut }})
	e := &ends{}
	a := l.adapter(t, Options{})
	err := a.Apply(t.Context(), mustPlan(t, a, l.at(0, 0)), e.done)
	if err == nil || len(*waited) != 0 || len(e.errs) != 1 || !strings.Contains(e.errs[0].Error(), "the cloud is busy or in trouble (503") {
		t.Errorf("%v, told %v, waited %v", err, e.errs, *waited)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{"": 0, "5": 5 * time.Second, "soon": 0, now.Add(9 * time.Second).Format(http.TimeFormat): 9 * time.Second} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestTroubleThatDoesNotEnd(t *testing.T) {
	for _, method := range []string{"GET", "PUT"} {
		l := newLab(t, fakeneutron.Options{Ports: 2})
		a := l.adapter(t, Options{})
		plan := mustPlan(t, a, l.perNode()...)
		l.ResetRequests()
		l.Inject(fakeneutron.Fault{Status: 502, Match: func(r fakeneutron.Request) bool {
			return r.Method == method && r.Path == "/v2.0/ports/"+l.seed.Nodes[0].PortID
		}})
		if method == "GET" {
			l.ChangePort(l.seed.Nodes[0].PortID, func(p *fakeneutron.Port) { p.Name = "renamed" })
		}
		e := &ends{}
		err := a.Apply(t.Context(), plan, e.done)
		if err == nil || err.Error() != "1 of the changes failed: run the command again to complete it" || len(e.errs) != 2 {
			t.Errorf("%s: %v, told %v", method, err, e.errs)
		}
		tries := 0
		for _, r := range l.Requests() {
			if r.Method == method && r.Status == 502 {
				tries++
			}
		}
		if want := map[string]int{"GET": readTries, "PUT": writeTries}[method]; tries != want {
			t.Errorf("%s: %d tries, want %d", method, tries, want)
		}
		if got := l.pairs(t, l.seed.Nodes[1].PortID); len(got) != 1 {
			t.Errorf("the other port has %v", got)
		}
	}
}

// TestHung: what never answers is asked twice, and not six times.
func TestHung(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	a := l.adapter(t, Options{})
	mustPlan(t, a, l.at(0, 0))
	l.cloud.wire.timeout = 100 * time.Millisecond
	l.ResetRequests()
	l.Inject(fakeneutron.Fault{Delay: time.Hour, Status: http.StatusServiceUnavailable})
	_, err := a.Plan(t.Context(), []platform.Attachment{l.at(0, 0)})
	want := "listing ports: the cloud cannot be reached: Get " + l.NetworkURL() + "/v2.0/ports: no answer after 100ms"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for kind, n := range l.Counts() {
		if n != hungTries {
			t.Errorf("%s: %d tries, want %d", kind, n, hungTries)
		}
	}
}

func TestExpiredTokenIsRenewedOnce(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 20})
	a := l.adapter(t, Options{})
	plan := mustPlan(t, a, l.perNode()...)
	l.ExpireTokens()
	l.ResetRequests()
	mustApply(t, a, plan)
	logins := slices.DeleteFunc(l.Requests(), func(r fakeneutron.Request) bool { return !strings.HasSuffix(r.Path, "/auth/tokens") })
	if len(logins) != 1 {
		t.Errorf("%d logins, want 1", len(logins))
	}
}

func TestTokenThatIsNeverAccepted(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	a := l.adapter(t, Options{})
	plan := mustPlan(t, a, l.at(0, 0))
	l.ResetRequests()
	l.Inject(fakeneutron.Fault{Status: 401, Match: func(r fakeneutron.Request) bool { return r.Method == http.MethodPut }})
	e := &ends{}
	if err := a.Apply(t.Context(), plan, e.done); err == nil || !strings.Contains(e.errs[0].Error(), "not even a new one") {
		t.Errorf("%v, told %v", err, e.errs)
	}
	if got := len(l.writes()); got != 2 {
		t.Errorf("%d writes, want 2: one with each token", got)
	}
}

func TestInterruptedBeforeItBegan(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 3})
	a := l.adapter(t, Options{Concurrency: 1})
	plan := mustPlan(t, a, l.perNode()...)
	ctx, cancel := context.WithCancel(t.Context())
	e := &ends{}
	err := a.Apply(ctx, plan, func(c platform.Change, err error) {
		e.done(c, err)
		cancel()
	})
	if err == nil || len(e.errs) != 3 || e.errs[0] != nil || !errors.Is(e.errs[1], context.Canceled) || !errors.Is(e.errs[2], context.Canceled) {
		t.Errorf("%v, told %v", err, e.errs)
	}
	if got := len(l.writes()); got != 1 {
		t.Errorf("%d writes, want 1", got)
	}
}
