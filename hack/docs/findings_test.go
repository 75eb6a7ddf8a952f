package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

func TestWriteFindings(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "findings", "EGR999.md")
	if err := os.MkdirAll(filepath.Dir(stale), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale, []byte("gone"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writeFindings(dir); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "findings", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(finding.Catalogue()) {
		t.Errorf("%d pages for %d codes", len(files), len(finding.Catalogue()))
	}
	for i, e := range finding.Catalogue() {
		if want := filepath.Join(dir, "findings", string(e.Code)+".md"); i < len(files) && files[i] != want {
			t.Errorf("page %d is %s, want %s", i, files[i], want)
		}
	}
}

func TestFindingPage(t *testing.T) {
	page := finding.Page{Code: finding.NoPrefix, Level: finding.Error, Title: "t", What: "a", Why: "b", See: "c", Mend: "d"}
	want := "# EGR101: t\n\nLevel: error. Written by `make docs`; all codes are in [findings](../findings.md).\n" +
		"\n## What\n\na\n\n## Why it happens\n\nb\n\n## How to see it\n\nc\n\n## How to mend it\n\nd\n"
	if got := findingPage(page); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
