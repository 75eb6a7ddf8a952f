//go:build kubernetes

package kubernetes

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// watchKey is that of a transcript's watch among its values.
const watchKey = "watch"

// watch is what a transcript watches: nothing, or the holders of one address.
type watch struct{ stop func() (Watched, error) }

// holders ADDRESS COUNT: so many pods hold the address now.
func holders(ts *testscript.TestScript, c *Cluster, args []string) {
	held, err := c.Holders(net.ParseIP(args[0]))
	ts.Check(err)
	if strconv.Itoa(len(held)) != args[1] {
		ts.Fatalf("%s is held by %d pods, %q, want %s", args[0], len(held), held, args[1])
	}
}

// watch-holders ADDRESS looks at who holds the address, until held-by.
func watchHolders(ts *testscript.TestScript, c *Cluster, args []string) {
	w := ts.Value(watchKey).(*watch)
	w.stop = c.WatchHolders(net.ParseIP(args[0]))
	ts.Defer(func() {
		if w.stop != nil {
			_, _ = w.stop() // the transcript has failed before held-by
		}
	})
}

// held-by COUNT... ends the watch, and says how long there was more than one holder, and none. The most at one
// moment were one of the counts.
func heldBy(ts *testscript.TestScript, args []string) {
	w := ts.Value(watchKey).(*watch)
	seen, err := w.stop()
	w.stop = nil
	ts.Check(err)
	ts.Logf("%s", seen)
	if !slices.Contains(args, strconv.Itoa(seen.Most)) {
		ts.Fatalf("the address was held by %s, want %s", seen, strings.Join(args, " or "))
	}
}
