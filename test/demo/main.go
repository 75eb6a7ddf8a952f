// Command demo shows what the plugin does, on a real control plane that it starts and stops itself. With
// -check or -update it holds what it prints against the README, or writes it there.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	check := flag.String("check", "", "hold what the demo prints against this `README`")
	update := flag.String("update", "", "write what the demo prints into this `README`")
	flag.Parse()
	if err := run(ctx, *check, *update); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check, update string) (err error) {
	fmt.Fprintln(os.Stderr, "demo: starting etcd, kube-apiserver, kube-controller-manager, stand-ins for the network operator and the nodes, a fake Neutron and a vCenter simulator")
	started := time.Now()
	p, err := startPlatforms()
	if err != nil {
		return err
	}
	defer p.stop()
	l, err := lab.Start(ctx, p.cluster())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Stop()) }()
	fmt.Fprintf(os.Stderr, "demo: they run after %d s\n\n", int(time.Since(started).Seconds()))
	var printed bytes.Buffer
	if err := play(ctx, l, p, io.MultiWriter(os.Stdout, &printed)); err != nil {
		return err
	}
	switch {
	case check != "":
		return checkREADME(check, printed.String())
	case update != "":
		return updateREADME(update, printed.String())
	}
	return nil
}

// step is a command of the demo and the exit code that it must have.
type step struct {
	say, command string
	code         int
}

// play runs the steps as a user types them, in a folder of their own.
func play(ctx context.Context, l *lab.Lab, p *platforms, out io.Writer) error {
	dir, err := os.MkdirTemp("", "kubectl-egress-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	env, err := environment(l, dir)
	if err != nil {
		return err
	}
	more, err := p.environment(dir)
	if err != nil {
		return err
	}
	env = append(env, more...)
	for _, s := range steps() {
		if s.say != "" {
			say(out, "# %s\n", s.say)
		}
		say(out, "$ %s\n", s.command)
		command := exec.CommandContext(ctx, "sh", "-c", s.command)
		command.Dir, command.Env, command.Stdout, command.Stderr = dir, env, out, out
		if err := exitCode(command.Run(), s.code); err != nil {
			return fmt.Errorf("%s: %w", s.command, err)
		}
		say(out, "\n")
	}
	return nil
}

// say writes to a stream whose failure nobody could be told of.
func say(out io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(out, format, args...)
}

// exitCode holds how a command ended against the code that it must have.
func exitCode(err error, want int) error {
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code, err = exit.ExitCode(), nil
	}
	if err == nil && code != want {
		err = fmt.Errorf("exit code %d, want %d", code, want)
	}
	return err
}

// environment is the demo's own: the lab's cluster, and its kubectl found before any other.
func environment(l *lab.Lab, dir string) ([]string, error) {
	kubectl, err := kube.Kubectl()
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(dir, ".bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return nil, err
	}
	if err := os.Symlink(kubectl, filepath.Join(bin, "kubectl")); err != nil {
		return nil, err
	}
	path := strings.Join([]string{bin, os.Getenv("PATH")}, string(filepath.ListSeparator))
	return append(os.Environ(), "KUBECONFIG="+l.Kubeconfig, "PATH="+path, "NO_COLOR=1"), nil
}
