package controller_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
	run "github.com/kubectl-egress/kubectl-egress/test/process"
)

// program is a `kubectl egress sync` that runs as a process of its own.
type program struct {
	page
	*run.Process
	proxy *apiproxy.Proxy
	log   string
}

// build builds the command into a folder of the test, and returns its path.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubectl-egress")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../../cmd/kubectl-egress").CombinedOutput(); err != nil {
		t.Fatalf("building the command: %v\n%s", err, out)
	}
	return path
}

// start starts the command at path, under a name, and ends it with the test.
func (s *site) start(path, name string, environment []string, args ...string) *program {
	s.Helper()
	dir := s.TempDir()
	clouds := filepath.Join(dir, "clouds.yaml")
	if err := os.WriteFile(clouds, s.neutron.CloudsYAML(), 0o600); err != nil {
		s.Fatal(err)
	}
	proxy, err := apiproxy.Start(s.config)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = proxy.Close() })
	kubeconfig, err := proxy.Kubeconfig(dir)
	if err != nil {
		s.Fatal(err)
	}
	command := exec.Command(path, append([]string{"sync", "--os-cloud", "k8s", "--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0", "--record-namespace", s.records}, args...)...)
	command.Env = append(append(os.Environ(), "OS_CLIENT_CONFIG_FILE="+clouds, "HOME="+dir), environment...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process, err := run.Start(command, dir, name)
	if err != nil {
		s.Fatal(err)
	}
	p := &program{page: page{site: s}, Process: process, proxy: proxy, log: filepath.Join(dir, name+".log")}
	s.Cleanup(p.end)
	p.url = "http://" + p.said(regexp.MustCompile(`msg=listening address=(\S+)`))
	return p
}

// end stops the process, if it still runs.
func (p *program) end() {
	if err := p.Stop(); err != nil {
		p.Error(err)
	}
	if p.Failed() {
		p.Logf("it said\n%s", p.LastLines(100))
	}
}

// said waits until the process has said something, and returns the part in parentheses.
func (p *program) said(what *regexp.Regexp) string {
	p.Helper()
	var found []string
	err := kube.Await(p.Context(), fmt.Sprintf("the process says %s", what), func(context.Context) (bool, error) {
		found = what.FindStringSubmatch(p.text())
		return found != nil, p.Err()
	})
	if err != nil {
		p.Fatal(err)
	}
	return strings.Join(found[1:], "")
}

// text is all that the process has said.
func (p *program) text() string {
	p.Helper()
	text, err := os.ReadFile(p.log)
	if err != nil {
		p.Fatal(err)
	}
	return string(text)
}

// lines are those of it that have word in them.
func (p *program) lines(word string) []string {
	p.Helper()
	var out []string
	for line := range strings.Lines(p.text()) {
		if strings.Contains(line, word) {
			out = append(out, line)
		}
	}
	return out
}
