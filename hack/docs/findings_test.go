package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// The index has a line for each code, which leads to its page.
func TestFindingIndex(t *testing.T) {
	_, table, _ := strings.Cut(findingIndex(), "| --- | --- | --- |\n")
	lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
	if len(lines) != len(finding.Catalogue()) {
		t.Fatalf("%d lines for %d codes", len(lines), len(finding.Catalogue()))
	}
	for i, e := range finding.Catalogue() {
		page := "findings/" + string(e.Code) + ".md"
		if want := "| [" + string(e.Code) + "](" + page + ") | " + e.Levels() + " | " + e.Title + " |"; lines[i] != want {
			t.Errorf("line %d is %s, want %s", i+1, lines[i], want)
		}
		if _, err := os.Stat(filepath.Join("../../docs", page)); err != nil {
			t.Error(err)
		}
	}
}

// What is committed is what `make docs` writes.
func TestDocsAreWritten(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"commands.md", "findings.md"} {
		got, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("docs/%s is not what the commands say now: run make docs", name)
		}
	}
}
