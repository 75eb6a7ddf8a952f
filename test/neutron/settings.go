package neutron

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
)

// python is Debian's own: one in /usr/local does not see Debian's modules.
const python = "/usr/bin/python3"

//go:embed files
var files embed.FS

// settings are what the servers' files are filled with.
type settings struct {
	Dir          string
	KeystonePort int
	NeutronPort  int
	MaxPairs     int
	NewPolicy    bool
	Password     string // of all users; new at each start, and never an argument that `ps` would show
}

// checkPackages tells in one sentence what a server would say in a page of traceback.
func checkPackages(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, python, "-I", "-c", "import keystone, neutron, waitress").CombinedOutput()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return fmt.Errorf("%s lacks Keystone or Neutron (%w: %s): run test/neutron/packages.sh as root, or set OS_CLOUD",
		python, err, lines[len(lines)-1])
}

// newSettings chooses ports that are free now, and a password.
func newSettings(dir string, o Options) (settings, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return settings{}, fmt.Errorf("finding folder %s: %w", dir, err)
	}
	if info, err := os.Stat(absolute); err != nil {
		return settings{}, fmt.Errorf("the folder for Neutron's files: %w: make it first", err)
	} else if !info.IsDir() {
		return settings{}, fmt.Errorf("%s is no folder: name one for Neutron's files", absolute)
	}
	s := settings{Dir: absolute, MaxPairs: o.MaxPairs, NewPolicy: o.NewPolicy, Password: rand.Text()}
	if s.KeystonePort, s.NeutronPort, err = freePorts(); err != nil {
		return settings{}, err
	}
	return s, nil
}

// freePorts asks the kernel for two ports that nobody listens on. Both are held until both are known.
func freePorts() (first, second int, err error) {
	var ports [2]int
	for i := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, 0, fmt.Errorf("looking for a free port on 127.0.0.1: %w", err)
		}
		defer func() { _ = listener.Close() }()
		address, ok := listener.Addr().(*net.TCPAddr)
		if !ok {
			return 0, 0, errors.New("looking for a free port on 127.0.0.1: the listener has none")
		}
		ports[i] = address.Port
	}
	return ports[0], ports[1], nil
}

func (s settings) path(name string) string { return filepath.Join(s.Dir, name) }

func (s settings) keystoneURL() string { return fmt.Sprintf("http://127.0.0.1:%d/v3", s.KeystonePort) }

func (s settings) neutronURL() string { return fmt.Sprintf("http://127.0.0.1:%d/", s.NeutronPort) }

// writeFiles writes the servers' scripts and configuration, in place of what an earlier start left.
func (s settings) writeFiles() error {
	for _, old := range []string{"keystone.sqlite", "neutron.sqlite", "fernet-keys", "credential-keys", "neutron-state"} {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.RemoveAll(s.path(old + suffix)); err != nil {
				return fmt.Errorf("removing what an earlier start left: %w", err)
			}
		}
	}
	for _, dir := range []string{"fernet-keys", "credential-keys", "neutron-state"} {
		if err := os.Mkdir(s.path(dir), 0o700); err != nil {
			return fmt.Errorf("making the servers' folders: %w", err)
		}
	}
	templates, err := template.ParseFS(files, "files/*")
	if err != nil {
		return fmt.Errorf("reading the servers' files: %w", err)
	}
	for _, t := range templates.Templates() {
		var content strings.Builder
		if err := t.Execute(&content, s); err != nil {
			return fmt.Errorf("filling %s: %w", t.Name(), err)
		}
		path := s.path(strings.TrimSuffix(t.Name(), ".tmpl"))
		if err := os.WriteFile(path, []byte(content.String()), 0o600); err != nil {
			return fmt.Errorf("writing the servers' files: %w", err)
		}
	}
	return nil
}
