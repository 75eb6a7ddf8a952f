package controller

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// everything is the key of the queue that is no router's: compare all with the platform, whatever is thought to be done.
const everything = ""

// glance is how often it is looked whether more news have come.
const glance = 20 * time.Millisecond

// perRouter is how much longer news are waited for with each router that there were some of.
const perRouter = 10 * time.Millisecond

// loop makes a pass whenever there is news, until ctx ends.
func (c *controller) loop(ctx context.Context) {
	// Whoever waits for the queue is told of the end.
	defer context.AfterFunc(ctx, c.queue.ShutDown)()
	c.queue.Add(everything)
	for {
		keys := c.take(ctx)
		if ctx.Err() != nil {
			return
		}
		c.busy.Store(time.Now().UnixNano())
		c.settings.compare()
		err := c.work.Pass(ctx, keys[everything])
		c.busy.Store(0)
		for key := range keys {
			if err != nil {
				c.queue.Add(key)
			}
			c.queue.Done(key)
		}
		if err != nil {
			c.pause(ctx, err)
			continue
		}
		c.failures = 0
		if keys[everything] {
			c.queue.AddAfter(everything, c.Resync)
		}
	}
}

// take waits for news, and then until no more come for a while, so that what happens together is written together.
func (c *controller) take(ctx context.Context) map[string]bool {
	keys := map[string]bool{}
	first, shutdown := c.queue.Get()
	if shutdown {
		return keys
	}
	keys[first] = true
	began, known := time.Now(), c.queue.Len()
	for last := began; ctx.Err() == nil && time.Since(last) < c.Quiet && time.Since(began) < c.patience(known); time.Sleep(glance) {
		if n := c.queue.Len(); n != known {
			known, last = n, time.Now()
		}
	}
	// Nobody else takes, so what is counted can be had without waiting.
	for c.queue.Len() > 0 {
		key, shutdown := c.queue.Get()
		if shutdown {
			break
		}
		keys[key] = true
	}
	return keys
}

// patience is how long more news of so many routers are waited for: the news of a node that is lost take a while to come.
func (c *controller) patience(routers int) time.Duration {
	return c.longestQuiet + min(time.Duration(routers)*perRouter, 2*c.longestQuiet)
}

// pause is what a cloud or a cluster in trouble is given, longer each time; news do not cut it short. Refused credentials
// are not sent again soon: that would lock the account, for others too.
func (c *controller) pause(ctx context.Context, err error) {
	delay := min(c.Backoff<<min(c.failures, 20), c.LongestPause)
	if errors.Is(err, platform.ErrCredentials) {
		delay = c.LongestBackoff
	}
	c.failures++
	select {
	case <-ctx.Done():
	case <-time.After(delay):
	}
}
