package vsphere

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

// A session that ends in the middle is taken up again once, and nothing is done twice.
func TestSessionExpires(t *testing.T) {
	w := start(t, standardInventory(), Options{Concurrency: 1})
	p := w.plan(w.Nodes(1)...)
	w.ExpireSessions()
	w.ResetCalls()
	w.applied(p)
	if w.Count("Login") != 1 || w.Count("UpdatePortGroup") != 3 {
		t.Errorf("%v", w.Calls())
	}
	w.Inject(fakevcenter.Fault{Method: "RetrievePropertiesEx", Times: 1, ExpireSession: true})
	w.ResetCalls()
	if p := w.plan(w.Nodes(1)...); len(p.Changes) != 0 || w.Count("Login") != 1 || w.Count("CreateContainerView") != 2 {
		t.Errorf("%+v, %v", p.Changes, w.Calls())
	}
}

// Eight hosts at a time meet the same expired session: one login is enough.
func TestSessionExpiresForAllAtOnce(t *testing.T) {
	w := start(t, fakevcenter.Options{Hosts: 16, VMs: 1}, Options{})
	p := w.plan(w.Nodes(1)...)
	w.ExpireSessions()
	w.ResetCalls()
	w.applied(p)
	if w.Count("Login") != 1 || w.Count("UpdatePortGroup") != 16 {
		t.Errorf("%d logins, %d writes", w.Count("Login"), w.Count("UpdatePortGroup"))
	}
}

func TestErrorsInOneLine(t *testing.T) {
	s, err := fakevcenter.Start(fakevcenter.Options{Hosts: 1, VMs: 2, PortGroups: 1})
	must(t, err)
	t.Cleanup(s.Close)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, nobody.Close())
	good := credentialsOf(s)
	host := strings.TrimSuffix(strings.TrimPrefix(s.URL(), "https://"), "/sdk")
	for name, test := range map[string]struct {
		with func(c *Credentials)
		say  string
	}{
		"unknown certificate": {
			func(c *Credentials) { c.CACerts = "" },
			"vCenter " + host + ": its certificate is signed by an unknown authority: name the file of its CA with --vsphere-tls-ca-certs (GOVC_TLS_CA_CERTS)",
		},
		"wrong password": {
			func(c *Credentials) { c.Password = "not-the-one" },
			"vCenter " + host + " does not accept the password of administrator@vsphere.local: check GOVC_USERNAME and GOVC_PASSWORD",
		},
		"no user": {
			func(c *Credentials) { c.Username, c.Password = "", "" },
			"vCenter " + host + ": no user name is given: set GOVC_USERNAME and GOVC_PASSWORD",
		},
		"unreachable": {
			func(c *Credentials) { c.URL = nobody.Addr().String() },
			fmt.Sprintf("vCenter %s cannot be reached: dial tcp %[1]s: connect: connection refused: check GOVC_URL (--vsphere-url) and the network", nobody.Addr()),
		},
		"no such CA file": {
			func(c *Credentials) { c.CACerts = "/nowhere/ca.pem" },
			"vCenter " + host + ": reading the certificates of /nowhere/ca.pem: open /nowhere/ca.pem: no such file or directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			test.with(&c)
			_, err := newAdapter(t, Options{}, c).Plan(context.Background(), need(s.Nodes(1)...))
			if err == nil || err.Error() != test.say {
				t.Errorf("got  %v\nwant %s", err, test.say)
			}
			if err != nil && (strings.Contains(err.Error(), string(good.Password)) || strings.Contains(err.Error(), "not-the-one")) {
				t.Errorf("the password is in %v", err)
			}
		})
	}
	t.Run("sessions that do not last", func(t *testing.T) {
		defer s.Inject(fakevcenter.Fault{Method: "CreateContainerView", ExpireSession: true})()
		_, err := newAdapter(t, Options{}, good).Plan(context.Background(), need(s.Nodes(1)...))
		if want := "vCenter " + host + ": the session expired, and so did the one after it: look for what ends sessions there, then try again"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
	t.Run("a vCenter that hangs", func(t *testing.T) {
		defer s.Inject(fakevcenter.Fault{Method: "CreateContainerView", Hang: true})()
		ctx, cancel := context.WithTimeout(context.Background(), 100e6)
		defer cancel()
		_, err := newAdapter(t, Options{}, good).Plan(ctx, need(s.Nodes(1)...))
		if err == nil || !strings.HasPrefix(err.Error(), "vCenter "+host+" did not answer in time: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("two machines with one UUID", func(t *testing.T) {
		nodes := s.Nodes(1)
		uuid := strings.TrimPrefix(nodes[0].ProviderID, "vsphere://")
		must(t, s.EditVM(machine(1), func(c *types.VirtualMachineConfigInfo, _ *types.GuestInfo) { c.Uuid = uuid }))
		p, err := newAdapter(t, Options{}, good).Plan(context.Background(), need(nodes...))
		must(t, err)
		want := "node dc0-c0-rp0-vm0: several virtual machines have its BIOS UUID (" + uuid + "): DC0_C0_RP0_VM0, DC0_C0_RP0_VM1"
		if f := of(t, p.Findings, finding.NoVM); f.Message != want || len(p.Changes) != 0 {
			t.Errorf("got %+v, want %s", p.Findings, want)
		}
	})
}

// A session that is kept is the next run's, and govc's: no second login.
func TestKeptSession(t *testing.T) {
	w := start(t, standardInventory(), Options{})
	c := credentialsOf(w.Server)
	c.PersistSession, c.sessionDir = true, filepath.Join(t.TempDir(), "sessions")
	first := map[string]int{"RetrieveServiceContent": 1, "Login": 1, "CreateContainerView": 1, "RetrievePropertiesEx": 1, "HasUserPrivilegeOnEntities": 1, "DestroyView": 1}
	later := map[string]int{"CreateContainerView": 1, "RetrievePropertiesEx": 3, "HasUserPrivilegeOnEntities": 1, "DestroyView": 1}
	afterExpiry := maps.Clone(first)
	afterExpiry["RetrievePropertiesEx"] = 2 // the first asks whether the session still holds
	for _, run := range []struct {
		name   string
		before func()
		want   map[string]int
	}{
		{"first", func() {}, first},
		{"second", func() {}, later},
		{"expired in the meantime", w.ExpireSessions, afterExpiry},
		{"file cut off", func() { overwrite(t, c.sessionDir, `{"User`) }, first},
		{"file empty", func() { overwrite(t, c.sessionDir, "") }, first},
	} {
		run.before()
		w.ResetCalls()
		a := newAdapter(t, Options{}, c)
		_, err := a.Plan(context.Background(), need(w.Nodes(1)...))
		must(t, err)
		must(t, a.Close(context.Background()))
		if got := w.counted(); !maps.Equal(got, run.want) {
			t.Errorf("%s: got %v, want %v", run.name, got, run.want)
		}
	}
	files, err := filepath.Glob(filepath.Join(c.sessionDir, "*"))
	must(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		if len(files) != 1 || strings.Contains(string(b), string(c.Password)) {
			t.Errorf("%d files, one with the password: %s", len(files), f)
		}
	}
}

// overwrite fills every file of a folder with content.
func overwrite(t *testing.T, folder, content string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	must(t, err)
	for _, f := range files {
		must(t, os.WriteFile(f, []byte(content), 0o600))
	}
}

// Insecure is for who asks for it.
func TestInsecure(t *testing.T) {
	w := start(t, standardInventory(), Options{})
	c := credentialsOf(w.Server)
	c.CACerts, c.insecure = "", true
	p, err := newAdapter(t, Options{}, c).Plan(context.Background(), need(w.Nodes(1)...))
	if err != nil || len(p.Changes) != 3 {
		t.Errorf("got %+v, %v", p, err)
	}
}

// A session that ends while it reads shows as properties that are held back: that is no missing privilege.
func TestExpiredWhileReading(t *testing.T) {
	content := func(f types.BaseMethodFault) []types.ObjectContent {
		return []types.ObjectContent{{}, {MissingSet: []types.MissingProperty{{Path: "config", Fault: types.LocalizedMethodFault{Fault: f}}}}}
	}
	if err := expired(content(&types.NotAuthenticated{})); !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("got %v", err)
	}
	if err := expired(content(&types.NoPermission{})); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestLogHearsNoSecret(t *testing.T) {
	var said strings.Builder
	w := start(t, standardInventory(), Options{Concurrency: 1, Log: func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) }})
	p := w.plan(w.Nodes(1)...)
	w.applied(p)
	w.ExpireSessions()
	w.plan(w.Nodes(1)...)
	_, password := w.User()
	all := said.String() + fmt.Sprintf("%+v %#v %s", credentialsOf(w.Server), credentialsOf(w.Server), asJSON(t, credentialsOf(w.Server))) + p.Where
	if strings.Contains(all, password) || !strings.Contains(said.String(), "logging in again") {
		t.Errorf("got %s", all)
	}
	if want := "vCenter " + w.adapter.vcenters[0].name + " as administrator@vsphere.local"; p.Where != want {
		t.Errorf("got %q, want %q", p.Where, want)
	}
}
