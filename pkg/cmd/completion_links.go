package cmd

import (
	"bytes"
	"cmp"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// links are the names under which kubectl and oc look for this command and its completion.
type links struct {
	dir string
	// target is the command's file, as an absolute path.
	target string
	// suffix is that of executables.
	suffix string
	// copies are made in the place of links.
	copies bool
}

// mainName is the name that the command is built under.
const mainName = "kubectl-egress"

func linkNames() []string {
	return []string{"oc-egress", "kubectl_complete-egress", "oc_complete-egress"}
}

// newLinks are the links in dir, by default where the command that was called by the name arg0 lies. That
// folder is in the PATH, while the file that really runs may lie elsewhere: krew keeps links to it.
func newLinks(arg0, dir string) (*links, error) {
	target, err := called(arg0)
	if err != nil {
		return nil, err
	}
	l := &links{target: target}
	if runtime.GOOS == "windows" {
		l.suffix, l.copies = ".exe", true
	}
	if l.dir, err = filepath.Abs(cmp.Or(dir, filepath.Dir(target))); err != nil {
		return nil, fmt.Errorf("--dir %s: %w", dir, err)
	}
	if info, err := os.Stat(l.dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("--dir %s: there is no such folder: make it, or name another", dir)
	}
	return l, nil
}

// called is the path of the command that was called by the name arg0.
func called(arg0 string) (string, error) {
	path, err := exec.LookPath(arg0)
	if err != nil {
		// A caller may give any name.
		path, err = os.Executable()
	}
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err == nil && slices.Contains(linkNames(), strings.TrimSuffix(filepath.Base(path), ".exe")) {
		path, err = behind(path)
	}
	if err != nil {
		return "", fmt.Errorf("finding this command's file: %w", err)
	}
	return path, nil
}

// behind is the command that link leads to: a link to itself would lead nowhere.
func behind(link string) (string, error) {
	beside := filepath.Join(filepath.Dir(link), mainName+filepath.Ext(link))
	if sameFile(beside, link) {
		return beside, nil
	}
	return filepath.EvalSymlinks(link)
}

// install makes the links, telling done of each: created, configured where an older one was put right, or
// unchanged. It makes none where one of the names is taken by a file of another program.
func (l *links) install(done func(path, result string)) error {
	var taken []error
	var paths []string
	for _, name := range linkNames() {
		path := filepath.Join(l.dir, name+l.suffix)
		paths = append(paths, path)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) && !l.right(path) && !l.ours(path) {
			taken = append(taken, fmt.Errorf("%s belongs to another program: move it away, or name another folder with --dir", path))
		}
	}
	if len(taken) > 0 {
		return errors.Join(taken...)
	}
	for _, path := range paths {
		result, err := l.make(path)
		if err != nil {
			return fmt.Errorf("making %s: %w", path, err)
		}
		done(path, result)
	}
	return nil
}

// right reports whether path leads to this command already.
func (l *links) right(path string) bool {
	return sameFile(path, l.target) || l.copies && sameContent(path, l.target)
}

// ours reports whether path was made by another version of this command, which may be gone: a link to a file
// of its name, or a copy, which tells by what it was built of.
func (l *links) ours(path string) bool {
	if target, err := os.Readlink(path); err == nil {
		base := filepath.Base(target)
		return base == filepath.Base(l.target) || base == mainName+l.suffix
	}
	self, ok := debug.ReadBuildInfo()
	there, err := buildinfo.ReadFile(path)
	return ok && err == nil && self.Path != "" && there.Path == self.Path
}

// make makes one link. What was there gives way by a rename, so that there is always one.
func (l *links) make(path string) (result string, err error) {
	if l.right(path) {
		return "unchanged", nil
	}
	result = "created"
	if _, err := os.Lstat(path); err == nil {
		result = "configured"
	}
	next := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := l.write(next); err != nil {
		return "", errors.Join(err, os.RemoveAll(next))
	}
	if err := os.Rename(next, path); err != nil {
		return "", errors.Join(err, os.Remove(next))
	}
	return result, nil
}

func (l *links) write(path string) error {
	if l.copies {
		return copyFile(l.target, path)
	}
	target := l.target
	if filepath.Dir(target) == l.dir {
		// The folder can be moved as a whole.
		target = filepath.Base(target)
	}
	return os.Symlink(target, path)
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return errors.Join(err, out.Close())
}

func sameContent(a, b string) bool {
	left, err := os.ReadFile(a)
	right, also := os.ReadFile(b)
	return cmp.Or(err, also) == nil && bytes.Equal(left, right)
}

// onPath reports whether dir is a folder of the PATH.
func onPath(dir string) bool {
	return slices.ContainsFunc(filepath.SplitList(os.Getenv("PATH")), func(entry string) bool { return sameFile(entry, dir) })
}

// sameFile reports whether two paths lead to one file or folder.
func sameFile(a, b string) bool {
	left, err := os.Stat(a)
	right, also := os.Stat(b)
	return cmp.Or(err, also) == nil && os.SameFile(left, right)
}
