//go:build linux

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// insideVariable is set, to the name of the cgroup, for a process that Isolate has started.
const insideVariable = "KUBECTL_EGRESS_TEST_CGROUP"

// root is the folder, in memory and seen by the isolated process and its children alone, for all that the
// cluster writes.
const root = "/mnt"

// assets is where the isolated process finds what the variable of that name leads to.
const assets = root + "/assets"

// givenPlugin is where nodes find the CNI plugin that Enter was given.
const givenPlugin = root + "/bin/given-egress-router"

// Isolated reports whether this process runs in namespaces of its own.
func Isolated() bool { return os.Getpid() == 1 && os.Getenv(insideVariable) != "" }

// Isolate runs this program again with args, in network, mount and process namespaces of its own. It is the first
// process there, so that with it ends all that it has started, however it ends, and it is killed if this
// process dies or is told to end. What it prints goes to out. It needs root.
func Isolate(ctx context.Context, out io.Writer, args []string) error {
	if os.Geteuid() != 0 {
		return errors.New("a cluster of real nodes needs root: it makes network namespaces and mounts in them")
	}
	group, err := newCgroup()
	if err != nil {
		return err
	}
	// An interrupt ends the child first, so that the cgroup can go.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, unix.SIGTERM)
	defer stop()
	// Pdeathsig is about the thread that starts the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), insideVariable+"="+group)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	err = cmd.Run()
	return errors.Join(err, removeCgroup(group))
}

// Enter makes the namespaces usable for an isolated process: nothing that it mounts shows outside, its temporary
// files are in memory, and its loopback interface is up. nodeAssets is the folder that hack/node-assets.sh prints,
// plugin the file of an egress-router CNI plugin to try in the place of the stand-in, or "".
func Enter(nodeAssets, plugin string) error {
	if !Isolated() {
		return errors.New("this process has no namespaces of its own")
	}
	var content []byte
	if plugin != "" {
		var err error
		// Before anything is mounted, here or on a node: it may be anywhere.
		if content, err = os.ReadFile(plugin); err != nil {
			return fmt.Errorf("reading the CNI plugin that %s names: %w", pluginVariable, err)
		}
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keeping mounts from the machine: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mounting %s: %w", root, err)
	}
	for _, dir := range []string{assets, filepath.Join(root, "tmp"), filepath.Join(root, "bin"), filepath.Join(root, "log")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
	}
	if plugin != "" {
		if err := os.WriteFile(givenPlugin, content, 0o755); err != nil {
			return fmt.Errorf("copying the CNI plugin: %w", err)
		}
	}
	if err := os.Setenv("TMPDIR", filepath.Join(root, "tmp")); err != nil {
		return fmt.Errorf("setting TMPDIR: %w", err)
	}
	// By a path of its own: nodes hide /var/lib, where a cache may be.
	if err := unix.Mount(nodeAssets, assets, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting %s, the folder that hack/node-assets.sh prints: %w", nodeAssets, err)
	}
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("looking for the loopback interface: %w", err)
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("setting the loopback interface up: %w", err)
	}
	return nil
}

// writeHosts lets this process, and the API server that it starts, find nodes by name.
func writeHosts(addresses map[string]string) error {
	var text strings.Builder
	_, _ = fmt.Fprintln(&text, "127.0.0.1 localhost")
	for name, address := range addresses {
		_, _ = fmt.Fprintln(&text, address, name)
	}
	file := filepath.Join(root, "hosts")
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("writing a hosts file: %w", err)
	}
	if err := unix.Mount(file, "/etc/hosts", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("putting a hosts file in place: %w", err)
	}
	return nil
}
