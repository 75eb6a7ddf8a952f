package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCheck: what no other package uses is found, and no more.
func TestCheck(t *testing.T) {
	t.Setenv("GOFLAGS", "-mod=mod")
	found, err := check(filepath.Join("testdata", "module"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, text := range found {
		_, name, _ := strings.Cut(text, ": ")
		names = append(names, name)
	}
	if want := []string{"a.Answer.Never", "a.Answer.Alone", "a.Unused"}; !slices.Equal(names, want) {
		t.Errorf("found %q, want %q", names, want)
	}
}
