package neutron

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/test/process"
)

// patience is how long one server may take to answer, and to end. It imports for seconds on a loaded machine.
const patience = 2 * time.Minute

// serverNeutron is the name of Neutron's server, and of its files.
const serverNeutron = "neutron"

// server is a process that runs until its standard input is closed (files/guard.py).
type server struct {
	*process.Process
	name  string
	input io.Closer
}

// startServers makes both databases and starts both servers. Neither needs the other before the first
// token is checked, so they start side by side.
func (n *Neutron) startServers(ctx context.Context, s settings) error {
	group, ctx := errgroup.WithContext(ctx)
	started := make([]*server, 2)
	group.Go(func() (err error) {
		started[0], err = s.startServer(ctx, "keystone", s.keystoneURL(), fmt.Sprint(s.KeystonePort))
		return err
	})
	group.Go(func() (err error) {
		started[1], err = s.startServer(ctx, serverNeutron, s.neutronURL())
		return err
	})
	err := group.Wait()
	for _, server := range started {
		if server != nil {
			n.servers = append(n.servers, server)
		}
	}
	return err
}

// startServer prepares and starts one server and waits until url answers. What was started is returned
// with the error, so that it can be stopped.
func (s settings) startServer(ctx context.Context, name, url string, args ...string) (*server, error) {
	script, conf := s.path(name+".py"), s.path(name+".conf")
	prepare := exec.CommandContext(ctx, python, "-I", "-W", "ignore", script, "prepare", conf)
	prepare.Env = s.environment()
	if out, err := prepare.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("preparing %s: %w: %s", name, err, process.Tail(string(out), lastLines))
	}
	return s.serve(ctx, name, url, args...)
}

// serve starts one server that is prepared, and waits until url answers.
func (s settings) serve(ctx context.Context, name, url string, args ...string) (*server, error) {
	server, err := s.run(name, append([]string{python, "-I", "-W", "ignore", s.path(name + ".py"), "serve", s.path(name + ".conf")}, args...)...)
	if err != nil {
		return nil, err
	}
	return server, server.wait(ctx, url)
}

// environment is the machine's less what would lead a server on loopback astray: a proxy, and credentials
// of another cloud. A user's Python modules are shut out by Python's own -I.
func (s settings) environment() []string {
	env := []string{"OS_BOOTSTRAP_PASSWORD=" + s.Password}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "OS_") || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			continue
		}
		env = append(env, variable)
	}
	return env
}

// run starts a command under the guard. What it prints goes to a file.
func (s settings) run(name string, command ...string) (*server, error) {
	cmd := exec.Command(python, append([]string{"-I", s.path("guard.py")}, command...)...)
	cmd.Env = s.environment()
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	started, err := process.Start(cmd, s.path("."), name)
	if err != nil {
		return nil, err
	}
	return &server{started, name, input}, nil
}

// wait returns once url answers.
func (v *server) wait(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if answers(ctx, url) {
			return nil
		}
		select {
		case <-v.Exited():
			return fmt.Errorf("%s ended at once: %s", v.name, v.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer at %s: %w: %s", v.name, url, ctx.Err(), v.lastWords())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode < http.StatusBadRequest
}

// stop closes the server's input and waits until it has ended.
func (v *server) stop() error {
	err := v.input.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil // it had ended before
	}
	select {
	case <-v.Exited():
	case <-time.After(patience):
		err = errors.Join(err, fmt.Errorf("%s did not end within %s of being told so", v.name, patience))
	}
	return err
}

// lastWords are the end of what it printed; a traceback ends with what was wrong.
func (v *server) lastWords() string { return v.LastLines(lastLines) }

// lastLines is how much of what a process printed is told.
const lastLines = 20
