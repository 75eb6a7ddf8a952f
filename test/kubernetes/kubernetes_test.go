//go:build kubernetes

package kubernetes

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// assetsVariable names the folder that hack/node-assets.sh prints.
const assetsVariable = "KUBERNETES_NODE_ASSETS"

var update = flag.Bool("update", false, "rewrite the expected output in the transcripts")

// TestTraffic: what clients send through routers arrives from the reserved address and the router's MAC,
// whatever happens to the routers' pods.
func TestTraffic(t *testing.T) {
	c := start(t, Options{Nodes: 2})
	if c == nil {
		return
	}
	t.Run("side-by-side", func(t *testing.T) { play(t, c, transcripts(t, "traffic")...) })
	// A node that takes no pods is a matter for all: one at a time.
	t.Run("moves", func(t *testing.T) {
		for _, file := range transcripts(t, "moves") {
			t.Run("next", func(t *testing.T) { play(t, c, file) })
		}
	})
	// And a node that is gone does not come back: the last.
	t.Run("loss", func(t *testing.T) { play(t, c, transcripts(t, "loss")...) })
}

// TestOnlyDefaultRoute: where pods have a default route and no other, routers need --cluster-routes.
func TestOnlyDefaultRoute(t *testing.T) {
	c := start(t, Options{Nodes: 2, OnlyDefaultRoute: true})
	if c == nil {
		return
	}
	t.Run("routes", func(t *testing.T) { play(t, c, transcripts(t, "routes")...) })
}

// TestOperator: the routers of the network operator, and how many pods hold an address while a router of either
// provisioner moves.
func TestOperator(t *testing.T) {
	c := start(t, Options{Nodes: 2, OpenShift: true})
	if c == nil {
		return
	}
	// A drain takes the routers of all namespaces along, and sync works for them all: before the others, and one at
	// a time.
	t.Run("drains", func(t *testing.T) {
		for _, file := range transcripts(t, "drains") {
			t.Run("next", func(t *testing.T) { play(t, c, file) })
		}
	})
	t.Run("sync", func(t *testing.T) { playSync(t, c) })
	t.Run("side-by-side", func(t *testing.T) { play(t, c, transcripts(t, "operator")...) })
}

// playSync plays transcripts where the nodes' ports let through only what Neutron allows: a router is reached for as
// long as sync runs, wherever its pod goes.
func playSync(t *testing.T, c *Cluster) {
	n, err := c.StartNeutron(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	})
	playWith(t, c, n, transcripts(t, "sync")...)
}

// start starts a cluster that ends with the test. The test itself is played by another process, in namespaces of
// its own: in this one start gives back nil, when the other has played it.
func start(t *testing.T, o Options) *Cluster {
	t.Helper()
	if !Isolated() {
		if err := Isolate(t.Context(), t.Output(), isolatedArgs(t.Name())); err != nil {
			t.Fatalf("the test in its own namespaces: %v", err)
		}
		return nil
	}
	dir := os.Getenv(assetsVariable)
	if dir == "" {
		t.Fatalf("%s is not set: run `make test-kubernetes`, or set it to the folder that hack/node-assets.sh prints", assetsVariable)
	}
	if err := Enter(dir, os.Getenv(pluginVariable)); err != nil {
		t.Fatal(err)
	}
	o.Log = t.Output()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.Diagnosis())
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// isolatedArgs are this process's own, less what names files that its twin does not see, and for one test. The
// part of -run behind a slash goes along.
func isolatedArgs(test string) []string {
	args := []string{}
	run := "^" + regexp.QuoteMeta(test) + "$"
	for _, arg := range os.Args[1:] {
		name, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch name {
		case "test.testlogfile", "test.coverprofile", "test.gocoverdir":
		case "test.run":
			if _, part, found := strings.Cut(value, "/"); found {
				run += "/" + part
			}
		default:
			args = append(args, arg)
		}
	}
	return append(args, "-test.run="+run)
}

// transcripts are the files in a folder of testdata.
func transcripts(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts in testdata/%s: %v", folder, err)
	}
	return files
}
