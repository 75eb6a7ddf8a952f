package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// escape begins every colour.
const escape = "\x1b["

// terminal is a session of a person at a terminal.
type terminal struct {
	bin string
	env []string
}

// newTerminal gives a session an environment that says nothing of colours but what env does.
func newTerminal(bin string, env ...string) *terminal {
	kept := []string{"TERM=xterm-256color"}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); name != "NO_COLOR" && name != "TERM" && name != "KUBECONFIG" {
			kept = append(kept, entry)
		}
	}
	return &terminal{bin: bin, env: append(kept, env...)}
}

// command is the built command, which is ended after a minute.
func (s *terminal) command(t *testing.T, args []string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "kubectl-egress"), args...)
	cmd.Env = s.env
	return cmd
}

// run runs a command on the terminal, answers its question, and gives all that was on the screen.
func (s *terminal) run(t *testing.T, answer string, args ...string) (screen string, code int) {
	t.Helper()
	return converse(t, s.command(t, args), answer)
}

// piped is run with stdout going elsewhere; what came there is returned too.
func (s *terminal) piped(t *testing.T, args ...string) (stdout, screen string) {
	t.Helper()
	cmd := s.command(t, args)
	var out bytes.Buffer
	cmd.Stdout = &out
	screen, _ = converse(t, cmd, "")
	return out.String(), screen
}

// converse sees a command through on a new terminal; answer is what is typed once it asks.
func converse(t *testing.T, cmd *exec.Cmd, answer string) (screen string, code int) {
	t.Helper()
	keyboard, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keyboard.Close() }()
	var seen bytes.Buffer
	chunk := make([]byte, 4096)
	for {
		n, err := keyboard.Read(chunk)
		seen.Write(chunk[:n])
		if answer != "" && strings.Contains(seen.String(), "[y/N] ") {
			if _, err := keyboard.WriteString(answer); err != nil {
				t.Fatal(err)
			}
			answer = ""
		}
		if err != nil {
			break // the terminal ends with the command, on Linux by EIO
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if answer != "" {
		t.Errorf("%v never asked:\n%s", cmd.Args, seen.String())
	}
	return seen.String(), cmd.ProcessState.ExitCode()
}

const router = `apiVersion: network.operator.openshift.io/v1
kind: EgressRouter
metadata:
  name: NAME
spec:
  mode: Redirect
  addresses:
  - ip: ADDRESS
    gateway: 192.168.12.1
  redirect:
    redirectRules:
    - {port: 8080, protocol: TCP, destinationIP: 203.0.113.26}
`

// write puts a router into a file of its own.
func write(t *testing.T, dir, name, address string) string {
	t.Helper()
	path := filepath.Join(dir, name+".yaml")
	text := strings.NewReplacer("NAME", name, "ADDRESS", address).Replace(router)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestColours(t *testing.T) {
	bin := binaries(t)
	bad := write(t, t.TempDir(), "partner-a", "192.168.12.99")
	for _, test := range []struct {
		name     string
		env      string
		coloured bool
	}{
		{"a terminal", "COLUMNS=120", true},
		{"NO_COLOR", "NO_COLOR=1", false},
		{"an empty NO_COLOR, which counts as none", "NO_COLOR=", true},
		{"a terminal without colours", "TERM=dumb", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			screen, code := newTerminal(bin, test.env).run(t, "", "lint", "-f", bad)
			if code != 2 || !strings.Contains(screen, "EGR101") {
				t.Errorf("exit code %d, and the screen shows:\n%s", code, screen)
			}
			if coloured := strings.Contains(screen, escape); coloured != test.coloured {
				t.Errorf("coloured is %t, want %t:\n%q", coloured, test.coloured, screen)
			}
		})
	}
	t.Run("piped", func(t *testing.T) {
		stdout, screen := newTerminal(bin).piped(t, "lint", "-f", bad)
		if !strings.Contains(stdout, "EGR101") || strings.Contains(stdout+screen, escape) {
			t.Errorf("stdout is %q, and the screen shows %q", stdout, screen)
		}
	})
}

// TestTerminal has one cluster for what needs one: the question that delete asks, and the bar of create.
func TestTerminal(t *testing.T) {
	l := startLab(t, lab.Options{OpenShift: true})
	s := newTerminal(binaries(t), "KUBECONFIG="+l.Kubeconfig)
	t.Run("delete", func(t *testing.T) { deletes(t, s) })
	t.Run("bar", func(t *testing.T) { bars(t, s) })
}

func deletes(t *testing.T, s *terminal) {
	s.mustRun(t, "create", "-f", write(t, t.TempDir(), "partner-a", "192.168.12.99/24"), "--wait")
	there := func() bool {
		stdout, _ := s.piped(t, "get", "-o", "name")
		return strings.Contains(stdout, "/partner-a")
	}
	// endOfInput is Ctrl-D.
	const endOfInput = "\x04"
	for _, answer := range []string{"n\n", "\n", "what?\n", endOfInput} {
		screen, code := s.run(t, answer, "delete", "partner-a")
		if code != 1 || !strings.Contains(screen, "nothing was deleted") || !there() {
			t.Errorf("the answer %q: exit code %d, the router is there: %t, and the screen shows:\n%s", answer, code, there(), screen)
		}
	}
	screen, code := s.run(t, "y\n", "delete", "partner-a")
	if code != 0 || !strings.Contains(screen, "partner-a deleted") || there() {
		t.Errorf("the answer y: exit code %d, the router is there: %t, and the screen shows:\n%s", code, there(), screen)
	}
}

// mustRun runs a command that does not ask.
func (s *terminal) mustRun(t *testing.T, args ...string) string {
	t.Helper()
	screen, code := s.run(t, "", args...)
	if code != 0 {
		t.Fatalf("%v: exit code %d\n%s", args, code, screen)
	}
	return screen
}

// bars: a bar is drawn over itself on a terminal, which nothing else does.
func bars(t *testing.T, s *terminal) {
	dir := t.TempDir()
	write(t, dir, "partner-b", "192.168.12.98/24")
	write(t, dir, "partner-c", "192.168.12.97/24")
	drawn := regexp.MustCompile(`\r[^\r\n]`)
	args := []string{"create", "-f", dir, "--provisioner=standalone"}
	if screen := s.mustRun(t, args...); !drawn.MatchString(screen) {
		t.Errorf("no bar on a terminal:\n%q", screen)
	}
	if screen := s.mustRun(t, append(args, "--no-progress")...); drawn.MatchString(screen) {
		t.Errorf("a bar with --no-progress:\n%q", screen)
	}
	if stdout, screen := s.piped(t, args...); drawn.MatchString(stdout+screen) || strings.Contains(stdout+screen, escape) || !strings.Contains(stdout, "partner-b unchanged") {
		t.Errorf("piped, stdout is %q, and the screen shows %q", stdout, screen)
	}
}
