//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// pause is that between two looks at who holds an address.
const pause = 20 * time.Millisecond

// Watched is what was seen of the holders of an address.
type Watched struct {
	Most    int           // holders at one moment
	Who     []string      // those, as Holders names them
	Overlap time.Duration // for how long there was more than one
	Gap     time.Duration // for how long there was none, between two of them
	Looks   int
}

// String is the figures.
func (w Watched) String() string {
	return fmt.Sprintf("at most %d at once (%s), %d ms with more than one, %d ms with none, seen in %d looks",
		w.Most, strings.Join(w.Who, ", "), w.Overlap.Milliseconds(), w.Gap.Milliseconds(), w.Looks)
}

// WatchHolders looks at who holds address, again and again, until stop is called, which says what was seen.
func (c *Cluster) WatchHolders(address net.IP) (stop func() (Watched, error)) {
	ctx, cancel := context.WithCancel(context.Background())
	type result struct {
		Watched
		error
	}
	done := make(chan result, 1)
	go func() {
		seen, err := c.watchHolders(ctx, address)
		done <- result{seen, err}
	}()
	return func() (Watched, error) {
		cancel()
		r := <-done
		return r.Watched, r.error
	}
}

func (c *Cluster) watchHolders(ctx context.Context, address net.IP) (Watched, error) {
	var seen Watched
	var without time.Duration // since the last holder
	last := time.Now()
	for ctx.Err() == nil {
		held, err := c.Holders(address)
		if err != nil {
			return seen, err
		}
		now := time.Now()
		passed := now.Sub(last)
		last = now
		seen.Looks++
		switch len(held) {
		case 0:
			without += passed
		case 1:
		default:
			seen.Overlap += passed
		}
		if len(held) > 0 {
			if seen.Most > 0 {
				seen.Gap += without
			}
			without = 0
		}
		if len(held) > seen.Most {
			seen.Most, seen.Who = len(held), held
		}
		time.Sleep(pause)
	}
	return seen, nil
}
