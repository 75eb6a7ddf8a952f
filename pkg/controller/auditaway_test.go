package controller_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller/audit"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

// relay is a way to a server that can be cut.
type relay struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	cut      bool
	open     map[net.Conn]bool
}

func (s *vsite) newRelay() *relay {
	s.Helper()
	u, err := url.Parse(s.vcenter.URL())
	if err != nil {
		s.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	r := &relay{listener: listener, target: u.Host, open: map[net.Conn]bool{}}
	s.Cleanup(func() { _ = listener.Close(); r.set(true) })
	go r.serve()
	return r
}

func (r *relay) serve() {
	for {
		from, err := r.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", r.target)
		if err != nil || !r.keep(from, to) {
			_ = from.Close()
			continue
		}
		for a, b := range map[net.Conn]net.Conn{from: to, to: from} {
			go func() {
				_, _ = io.Copy(a, b)
				_ = a.Close()
			}()
		}
	}
}

func (r *relay) keep(conns ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		r.open[c] = true
		if r.cut {
			_ = c.Close()
		}
	}
	return !r.cut
}

// set cuts the way, or opens it again.
func (r *relay) set(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	for c := range r.open {
		if cut {
			_ = c.Close()
			delete(r.open, c)
		}
	}
}

// auditor logs in to the vCenter.
func (s *vsite) auditor(context.Context) (audit.Auditor, error) { return s.auditorBy(nil) }

// auditorBy logs in with the credentials as change leaves them.
func (s *vsite) auditorBy(change func(*vsphere.Credentials)) (audit.Auditor, error) {
	user, password := s.vcenter.User()
	c := vsphere.Credentials{URL: s.vcenter.URL(), Username: user, Password: vsphere.Secret(password), CACerts: s.vcenter.CAFile()}
	if change != nil {
		change(&c)
	}
	return vsphere.New([]vsphere.Credentials{c}, vsphere.Options{})
}

// testVCenterAway: one line says so, nothing else suffers, and what drifted in the meantime is found after it.
func (c *shared) testVCenterAway(t *testing.T) {
	s := c.newVSite(t)
	way := s.newRelay()
	s.standalone(0)
	p := s.run(s.audits(func(o *options) {
		o.Resync = 300 * time.Millisecond
		o.audit.Connect = func(context.Context) (audit.Auditor, error) {
			return s.auditorBy(func(c *vsphere.Credentials) { c.URL = way.listener.Addr().String() })
		}
	}))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	way.set(true)
	p.awaitLog("about=cloud")
	s.policy(esx(0), false)
	s.standalone(1)
	time.Sleep(3 * time.Second)
	if said := p.log.lines("level=WARN"); len(said) != 1 || !strings.Contains(said[0], "vCenter "+way.listener.Addr().String()) {
		t.Errorf("it said %s", strings.Join(said, ""))
	}
	for _, path := range []string{"/readyz", "/healthz"} {
		if status, body := p.get(path); status != http.StatusOK {
			t.Errorf("%s: %s", path, body)
		}
	}
	way.set(false)
	p.awaitLog(`msg="over: vCenter`)
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 2")
	s.onlyRead()
}

// testSessions: a session that expired is taken up by itself; a password that is refused is one line, and read again.
func (c *shared) testSessions(t *testing.T) {
	s := c.newVSite(t)
	s.standalone(0)
	var wrong atomic.Bool
	p := s.run(s.audits(func(o *options) {
		o.Resync = 300 * time.Millisecond
		o.audit.Connect = func(ctx context.Context) (audit.Auditor, error) {
			if wrong.Load() {
				return s.auditorBy(func(c *vsphere.Credentials) { c.Password = "of before" })
			}
			return s.auditor(ctx)
		}
	}))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	s.vcenter.ResetCalls()
	s.vcenter.ExpireSessions()
	awaitCount(s, 2)
	if got := s.calls()["Login"]; got != 1 {
		t.Errorf("it logged in %d times", got)
	}
	if said := p.log.lines("level=WARN"); len(said) > 0 {
		t.Errorf("it complained of a session that expired: %s", strings.Join(said, ""))
	}

	// The password changes at vCenter, and in what is read of it some time after.
	wrong.Store(true)
	refuse := s.vcenter.Inject(fakevcenter.Fault{Method: "Login", Fault: &types.InvalidLogin{}})
	s.vcenter.ExpireSessions()
	p.awaitLog("does not accept the password of administrator@vsphere.local")
	refuse()
	time.Sleep(time.Second)
	if said := p.log.lines("level=WARN"); len(said) != 1 {
		t.Errorf("it said %s", strings.Join(said, ""))
	}
	p.awaitLog("about=cloud")
	wrong.Store(false)
	p.awaitLog(`msg="over: vCenter`)
	if said := p.log.lines("of before"); len(said) > 0 {
		t.Errorf("the password is in the log: %s", strings.Join(said, ""))
	}
	s.onlyRead()
}

// testVCenterHangs: an answer that never comes is given up, and said.
func (c *shared) testVCenterHangs(t *testing.T) {
	s := c.newVSite(t)
	s.standalone(0)
	answer := s.vcenter.Inject(fakevcenter.Fault{Method: "CreateContainerView", Hang: true})
	p := s.run(s.audits(func(o *options) { o.audit.Timeout = 3 * time.Second }))
	p.awaitLog("did not answer in time")
	answer()
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
}
