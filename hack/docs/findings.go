package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// writeFindings writes findings.md, and findings/ with a page for each code and no other page.
func writeFindings(dir string) error {
	pages, err := findingPages()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "findings.md"), []byte(findingIndex()), 0o644); err != nil {
		return err
	}
	folder := filepath.Join(dir, "findings")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, wanted := pages[filepath.Base(path)]; wanted {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for name, page := range pages {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(page), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// findingIndex is a page of every code.
func findingIndex() string {
	var b strings.Builder
	b.WriteString("# Findings\n\nWritten by `make docs` from the catalogue. `--ignore=CODE[:NAMESPACE/NAME]` leaves one out;\n" +
		"`explain CODE` shows its page in the terminal.\n\n")
	b.WriteString("| code | level | what |\n| --- | --- | --- |\n")
	for _, e := range finding.Catalogue() {
		fmt.Fprintf(&b, "| [%s](findings/%s.md) | %s | %s |\n", e.Code, e.Code, e.Level, e.Title)
	}
	return b.String()
}

// findingPages are the pages of the codes by file name. All that are missing are told at once.
func findingPages() (map[string]string, error) {
	out := map[string]string{}
	var errs []error
	for _, e := range finding.Catalogue() {
		page, err := finding.PageOf(e.Code)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out[string(e.Code)+".md"] = findingPage(page)
	}
	return out, errors.Join(errs...)
}

func findingPage(page finding.Page) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\nLevel: %s. Written by `make docs`; all codes are in [findings](../findings.md).\n", page.Code, page.Title, page.Level)
	for _, s := range page.Sections() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.Heading, s.Text)
	}
	return b.String()
}
