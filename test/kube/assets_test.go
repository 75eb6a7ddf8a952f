package kube

import (
	"os"
	"strings"
	"testing"
)

func TestMissingAssetsNameTheWayOut(t *testing.T) {
	t.Setenv(assetsVariable, "")
	_, err := Start(t.Context(), Options{})
	if err == nil || !strings.Contains(err.Error(), "make test") {
		t.Fatalf("got %v, want an error that names `make test`", err)
	}
}

func TestCRDsAreThoseAskedFor(t *testing.T) {
	for name, want := range map[string]struct {
		options Options
		files   int
	}{
		"Kubernetes": {Options{}, 1},
		"OpenShift":  {Options{OpenShift: true}, 6},
		"no Multus":  {Options{OpenShift: true, NoMultus: true}, 5},
		"bare":       {Options{NoMultus: true}, 0},
	} {
		paths, err := crdPaths(t.Context(), want.options)
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) != want.files {
			t.Errorf("%s: got %q, want %d files or folders", name, paths, want.files)
		}
		for _, path := range paths {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
