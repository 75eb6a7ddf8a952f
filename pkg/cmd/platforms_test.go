package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// switched is a cluster on a third platform, whose switch drops what is not in its file.
type switched struct {
	*testing.T
	file string
	open atomic.Int32
}

// command is the whole command with a row more.
func (s *switched) command(streams genericiooptions.IOStreams) *factory {
	f := newFactory(streams, "kubectl egress", "v0.0.0")
	f.platforms = append(f.platforms, switchRow(&s.open))
	return f
}

// run runs the command in namespace default, and checks its exit code.
func (s *switched) run(code int, args ...string) (out, errOut string) {
	s.Helper()
	streams, _, stdout, stderr := genericiooptions.NewTestIOStreams()
	if got := s.command(streams).run(s.Context(), args); got != code {
		s.Errorf("%s: exit code %d, want %d: %s%s", strings.Join(args, " "), got, code, stdout, stderr)
	}
	return stdout.String(), stderr.String()
}

// equal compares what was printed, or is in a file, with what is wanted.
func (s *switched) equal(what, got, want string) {
	s.Helper()
	if got = strings.ReplaceAll(got, s.file, "FILE"); got != want {
		s.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

func (s *switched) has(text string, parts ...string) {
	s.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func (s *switched) read(file string) string {
	s.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		s.Fatal(err)
	}
	return string(data)
}

// TestThirdPlatform: an adapter and a row are all that another platform takes.
func TestThirdPlatform(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	l, err := lab.Start(ctx, lab.Options{ProviderIDs: map[string]string{"worker-1": "fileswitch://1", "worker-2": "fileswitch://2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("KUBECONFIG", l.Kubeconfig)
	s := &switched{T: t, file: filepath.Join(t.TempDir(), "switch.json")}
	if err := os.WriteFile(s.file, []byte(`{"worker-1":["52:54:00:00:00:01"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(0, "create", "partner-a", "--address=192.168.12.99/24", "--gateway=192.168.12.1", "--redirect=8080=203.0.113.26:80", "--node-selector=kubernetes.io/hostname=worker-1")
	s.testWords()
	s.testPlain()
	s.testFix()
	s.testSync()
	if n := s.open.Load(); n != 0 {
		t.Errorf("%d adapters were not closed", n)
	}
}

// testWords: help and completion know the platform, and flags of others are refused.
func (s *switched) testWords() {
	out, _ := s.run(0, "__complete", "sync", "")
	s.equal("the completion of sync", out, "openstack\tkeep Neutron in step while pods move\nvsphere\taudit the policies of the nodes' port groups\nfileswitch\taudit the file switch\n:4\n")
	out, _ = s.run(0, "__complete", "preflight", "fileswitch", "-o", "comm")
	s.equal("the completion of -o", out, "commands\n:4\n")
	out, _ = s.run(0, "__complete", "preflight", "fileswitch", "--switch-file", "")
	s.equal("the completion of a flag", out, "json\n:8\n")
	out, _ = s.run(0, "sync", "--help")
	s.has(out, "sync [openstack|vsphere|fileswitch]", "On the file switch it audits.", "--switch-file string")
	for args, want := range map[string]string{
		"sync aws":                                  `unknown platform "aws": sync takes openstack, vsphere or fileswitch, and works for the routers of the whole cluster`,
		"sync fileswitch --max-pairs 3":             `--max-pairs is for OpenStack, and sync fileswitch does not take it: leave it out, or write "sync openstack"`,
		"sync fileswitch --use-cluster-credentials": `--use-cluster-credentials is for OpenStack and vSphere, and sync fileswitch does not take it: leave it out, or write "sync openstack" or "sync vsphere"`,
		"sync vsphere --switch-file x":              `--switch-file is for the file switch, and sync vsphere does not take it: leave it out, or write "sync fileswitch"`,
		"sync --os-cloud x":                         `--os-cloud is for OpenStack, and the cluster runs on the file switch: leave it out, or write "sync openstack"`,
		"preflight fileswitch --save x":             "--save keeps what --fix changes: add --fix, or leave it out",
		"preflight fileswitch --node x":             "--node goes with --address: it says where an address without a router is to leave from",
		"preflight fileswitch --revert nix":         "this would write, and stdin is not a terminal: pass --yes",
	} {
		_, errOut := s.run(2, strings.Fields(args)...)
		s.has(errOut, "error: "+want+"\n")
	}
}

const blocked = "error EGR207: the switch drops its frames on node worker-1\n" +
	"      why: 02:e6:c0:a8:0c:63 is not allowed\n"

// testPlain: plain preflight knows the platform by the nodes' provider IDs, and asks it where the environment tells how.
func (s *switched) testPlain() {
	out, _ := s.run(0, "preflight")
	s.has(out, "info EGR207: whether the file switch allows the routers' frames is unknown",
		"the nodes run on the file switch, which drops frames whose MAC it does not know, and no credentials for it are in the environment",
		"           kubectl egress preflight fileswitch -n default\n")
	s.Setenv("SWITCH_FILE", s.file)
	out, _ = s.run(3, "preflight")
	s.has(out, blocked, "worker-1   blocked *")
}

// testFix: what --fix changes is what --save keeps and --revert puts back.
func (s *switched) testFix() {
	s.Setenv("SWITCH_FILE", "")
	saved := filepath.Join(s.TempDir(), "saved.json")
	preflight := []string{"preflight", "fileswitch", "--switch-file", s.file}
	run := func(code int, more ...string) (string, string) {
		s.Helper()
		return s.run(code, append(preflight[:len(preflight):len(preflight)], more...)...)
	}
	out, _ := run(3)
	s.has(out, blocked, "plan: 1 change (file "+s.file+")", "~ port of worker-1: default/partner-a sends from here")
	out, _ = run(0, "-o", "commands")
	s.has(out, "edit "+s.file+" # worker-1: 02:e6:c0:a8:0c:63")
	out, errOut := run(0, "partner-a", "--fix", "--yes", "--save", saved)
	s.has(out, "port of worker-1 changed\n", "worker-1   yes *")
	s.has(errOut, "plan: 1 change")
	fixed := `{"worker-1":["52:54:00:00:00:01","02:e6:c0:a8:0c:63"]}`
	s.equal("the switch", s.read(s.file), fixed)
	s.equal("what was saved", strings.Split(s.read(saved), "\n")[0], `{"platform":"fileswitch"}`)
	_, errOut = run(0, "--fix", "--yes")
	s.has(errOut, "nothing to change (file "+s.file+")")

	_, errOut = s.run(2, "preflight", "vsphere", "--vsphere-url", "vcenter.example.com", "--revert", saved, "--yes")
	s.has(errOut, `it keeps what was changed in fileswitch: use "kubectl egress preflight fileswitch --revert"`)
	out, errOut = run(0, "--revert", saved, "--yes")
	s.equal("what was put back", out, "port of worker-1 put back\n")
	s.has(errOut, "plan: 1 change (file "+s.file+")", "take back: default/partner-a sends from here")
	s.equal("the switch", s.read(s.file), `{"worker-1":["52:54:00:00:00:01"]}`)
	run(0, "--revert", saved, "--yes")
	if err := os.WriteFile(s.file, []byte(`{"worker-1":[]}`), 0o600); err != nil {
		s.Fatal(err)
	}
	_, errOut = run(1, "--revert", saved, "--yes")
	s.has(errOut, "port of worker-1: the value is no longer the one that was written")
}

// testSync: sync finds the platform, audits it, and says under its name what the switch drops, and when that is over.
func (s *switched) testSync() {
	said := s.syncing("sync", "--switch-file", s.file, "--resync=1s")
	said.await(`msg="default/partner-a: the file switch rejects its frames on worker-1 (02:e6:c0:a8:0c:63 is not allowed): fix it with kubectl egress preflight fileswitch partner-a -n default --fix"`)
	s.run(0, "preflight", "fileswitch", "--switch-file", s.file, "--fix", "--yes")
	said.await(`msg="over: default/partner-a: the file switch rejects`)
	said.end()
	s.has(said.text(), `msg="logged in" where="file `+s.file+`"`)

	said = s.syncing("sync", "fileswitch", "--switch-file", s.file)
	said.await(`msg="logged in"`)
	said.end()
	if strings.Contains(said.text(), "level=WARN") {
		s.Errorf("it complained:\n%s", said.text())
	}
}

// talk is what a command says while it runs.
type talk struct {
	*switched
	mu   sync.Mutex
	said bytes.Buffer
	end  func()
}

func (t *talk) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.said.Write(data)
}

func (t *talk) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.said.String()
}

func (t *talk) await(part string) {
	t.Helper()
	for begun := time.Now(); !strings.Contains(t.text(), part); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			t.Fatalf("%s was not said:\n%s", part, t.text())
		}
	}
}

// syncing runs sync until its end is called.
func (s *switched) syncing(args ...string) *talk {
	t := &talk{switched: s}
	ctx, cancel := context.WithCancel(s.Context())
	code := make(chan int)
	go func() {
		code <- s.command(genericiooptions.IOStreams{In: strings.NewReader(""), Out: t, ErrOut: t}).run(ctx, args)
	}()
	t.end = func() {
		cancel()
		if got := <-code; got != exitInterrupted {
			s.Errorf("%v: exit code %d: %s", args, got, t.text())
		}
	}
	return t
}
