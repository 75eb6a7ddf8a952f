//go:build linux

package kubernetes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// cgroupPrefix begins the names of the cgroups that pods go below. No namespace takes cgroups along when it ends:
// they are the one thing that has to be removed.
const cgroupPrefix = "kubectl-egress-test-"

// newCgroup makes a cgroup with a name after this process, in every hierarchy, and removes those of processes
// that were killed before they could.
func newCgroup() (name string, err error) {
	hierarchies, err := hierarchies()
	if err != nil {
		return "", err
	}
	for _, dir := range hierarchies {
		stale, err := filepath.Glob(filepath.Join(dir, cgroupPrefix+"*"))
		if err != nil {
			return "", fmt.Errorf("listing cgroups: %w", err)
		}
		for _, group := range stale {
			pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(group), cgroupPrefix))
			if err != nil || !errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
				continue
			}
			if err := removeTree(group); err != nil {
				return "", err
			}
		}
	}
	name = fmt.Sprint(cgroupPrefix, os.Getpid())
	for _, dir := range hierarchies {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return "", fmt.Errorf("making a cgroup: %w", err)
		}
	}
	return name, nil
}

// newChildCgroup makes a cgroup in one that newCgroup has made. path begins with a slash.
func newChildCgroup(path string) error {
	hierarchies, err := hierarchies()
	if err != nil {
		return err
	}
	for _, dir := range hierarchies {
		if err := os.Mkdir(filepath.Join(dir, path), 0o755); err != nil {
			return fmt.Errorf("making a cgroup: %w", err)
		}
	}
	return nil
}

// removeCgroup removes a cgroup whose processes have ended.
func removeCgroup(name string) error {
	hierarchies, err := hierarchies()
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range hierarchies {
		errs = append(errs, removeTree(filepath.Join(dir, name)))
	}
	return errors.Join(errs...)
}

// hierarchies are the folders at which cgroups begin: one in version 2, one for each controller in version 1,
// and both where a machine mixes them.
func hierarchies() ([]string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("looking for cgroups: %w", err)
	}
	var dirs []string
	for line := range strings.Lines(string(mounts)) {
		// The mount point is the fifth field, and the type the first after a dash (proc(5)).
		before, after, _ := strings.Cut(line, " - ")
		if fields := strings.Fields(before); len(fields) > 4 && strings.HasPrefix(after, "cgroup") {
			dirs = append(dirs, fields[4])
		}
	}
	if len(dirs) == 0 {
		return nil, errors.New("no cgroups are mounted: a kubelet cannot run here")
	}
	return dirs, nil
}

// removeTree removes a cgroup and those in it, the innermost first: a folder of files that nobody may remove.
func removeTree(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("listing cgroup %s: %w", dir, err)
	}
	for _, dir := range slices.Backward(dirs) {
		if err := unix.Rmdir(dir); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("removing cgroup %s: %w", dir, err)
		}
	}
	return nil
}
