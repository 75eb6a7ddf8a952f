package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// install makes the links of l and says what became of each, in the order of linkNames, or the error.
func install(l *links) string {
	var results []string
	if err := l.install(func(_, result string) { results = append(results, result) }); err != nil {
		return err.Error()
	}
	return strings.Join(results, " ")
}

// Windows gets copies, which tell by what they were built of whether they are ours to replace.
func TestCopies(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	l := &links{dir: dir, target: self, suffix: ".exe", copies: true}
	shim := filepath.Join(dir, "kubectl_complete-egress.exe")
	for _, step := range []struct {
		name string
		// before is what lies in the shim's place; nil leaves it.
		before []byte
		want   string
	}{
		{"nothing there", nil, "created created created"},
		{"again", nil, "unchanged unchanged unchanged"},
		{"another version", append(content, "older"...), "unchanged configured unchanged"},
		{"another's file", []byte("another's"), shim + " belongs to another program: move it away, or name another folder with --dir"},
	} {
		if step.before != nil {
			if err := os.WriteFile(shim, step.before, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if got := install(l); got != step.want {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != len(linkNames()) {
		t.Errorf("%q, %v: want the three and nothing else", left, err)
	}
}
