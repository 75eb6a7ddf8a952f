package vsphere

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/session/cache"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// vcenter is one vCenter and the session at it.
type vcenter struct {
	credentials Credentials
	// name is the host, with the port where it is not 443: what messages and IDs of changes call it.
	name string
	url  *url.URL
	log  func(format string, args ...any)

	// mu guards what is below: one login at a time.
	mu      sync.Mutex
	session *login
}

// login is one session. A new one takes its place when it expires.
type login struct {
	client *vim25.Client
	cache  *cache.Session
	// user is the session's user as vCenter writes it, such as VSPHERE.LOCAL\Administrator; empty for a
	// session that was kept, until someone asks.
	user string
	// view is the container view of everything, made when it is first needed: views die with the session.
	view *view.ContainerView
}

func newVCenter(c Credentials, log func(string, ...any)) (*vcenter, error) {
	u, err := parseURL(c.URL)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, errNoVCenter
	}
	u.User = nil
	if c.Username != "" {
		u.User = url.UserPassword(c.Username, string(c.Password))
	}
	v := &vcenter{credentials: c, name: u.Host, url: u, log: log}
	if u.Port() == "443" {
		v.name = u.Hostname()
	}
	return v, nil
}

// do calls f with a session, and once more with a new one where vCenter says that it has expired. The
// error is in words that a person can act on.
func (v *vcenter) do(ctx context.Context, f func(context.Context, *login) error) error {
	s, err := v.connect(ctx, nil)
	if err == nil {
		err = f(ctx, s)
	}
	if s != nil && fault.Is(err, &types.NotAuthenticated{}) {
		v.log("vCenter %s: the session has expired: logging in again", v.name)
		if s, err = v.connect(ctx, s); err == nil {
			err = f(ctx, s)
		}
	}
	return v.explain(err)
}

// connect is the session there is, or a new one where there is none or it is the expired one.
func (v *vcenter) connect(ctx context.Context, expired *login) (*login, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.session != nil && v.session != expired {
		return v.session, nil
	}
	s := &login{client: new(vim25.Client)}
	s.cache = &cache.Session{
		URL: v.url, Insecure: v.credentials.insecure, DirSOAP: v.credentials.sessionDir,
		Passthrough: !v.credentials.PersistSession, Reauth: expired != nil,
		LoginSOAP: func(ctx context.Context, c *vim25.Client) error { return v.login(ctx, c, s) },
	}
	err := s.cache.Login(ctx, s.client, v.configure)
	if !s.cache.Reauth && brokenFile(err) {
		v.log("vCenter %s: the kept session cannot be read: logging in", v.name)
		s.cache.Reauth, s.client = true, new(vim25.Client)
		err = s.cache.Login(ctx, s.client, v.configure)
	}
	if err != nil {
		return nil, err
	}
	s.client.RoundTripper = vim25.Retry(s.client.Client, vim25.RetryTemporaryNetworkError, 3)
	v.session = s
	v.log("vCenter %s: connected as %s", v.name, v.credentials.Username)
	return s, nil
}

// brokenFile reports whether a kept session's file was cut off in writing, or is none.
func brokenFile(err error) bool {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	return syntax || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (v *vcenter) login(ctx context.Context, c *vim25.Client, s *login) error {
	if v.credentials.Username == "" {
		return errNoUser
	}
	res, err := methods.Login(ctx, c, &types.Login{
		This: *c.ServiceContent.SessionManager, UserName: v.credentials.Username,
		Password: string(v.credentials.Password), Locale: session.Locale,
	})
	if err != nil {
		return err
	}
	s.user = res.Returnval.UserName
	return nil
}

// configure sets what a connection trusts.
func (v *vcenter) configure(c *soap.Client) error {
	c.UserAgent = "kubectl-egress"
	if v.credentials.CACerts != "" {
		if err := c.SetRootCAs(v.credentials.CACerts); err != nil {
			return fmt.Errorf("reading the certificates of %s: %w", v.credentials.CACerts, err)
		}
	}
	if err := c.LoadThumbprints(v.credentials.knownHosts); err != nil {
		return fmt.Errorf("reading the certificates of %s: %w", v.credentials.knownHosts, err)
	}
	return nil
}

// userName is the session's user as vCenter writes it.
func (s *login) userName(ctx context.Context) (string, error) {
	if s.user == "" {
		u, err := session.NewManager(s.client).UserSession(ctx)
		if err != nil {
			return "", err
		}
		if u != nil {
			s.user = u.UserName
		}
	}
	return s.user, nil
}

// close ends the session, or what it holds at the server where the session itself is kept.
func (v *vcenter) close(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.session
	v.session = nil
	if s == nil {
		return nil
	}
	defer s.client.CloseIdleConnections()
	var err error
	switch {
	case !v.credentials.PersistSession:
		err = s.cache.Logout(ctx, s.client)
	case s.view != nil:
		err = s.view.Destroy(ctx)
	}
	if fault.Is(err, &types.NotAuthenticated{}) {
		return nil
	}
	return v.explain(err)
}
