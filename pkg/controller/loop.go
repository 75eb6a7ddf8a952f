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
func (s *Syncer) loop(ctx context.Context) {
	// Whoever waits for the queue is told of the end.
	defer context.AfterFunc(ctx, s.queue.ShutDown)()
	go s.beat(ctx)
	s.queue.Add(everything)
	for {
		keys := s.take(ctx)
		if ctx.Err() != nil {
			return
		}
		s.begin()
		late, err := s.work.pass(ctx, keys)
		s.end(keys, late, err)
		if err != nil && ctx.Err() == nil {
			s.pause(ctx, err)
		}
	}
}

// beat asks for everything now and then.
func (s *Syncer) beat(ctx context.Context) {
	tick := time.NewTicker(s.Resync)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.queue.Add(everything)
		}
	}
}

// take waits for news, and then until no more come for a while, so that what happens together is written together.
func (s *Syncer) take(ctx context.Context) map[string]bool {
	keys := map[string]bool{}
	first, shutdown := s.queue.Get()
	if shutdown {
		return keys
	}
	keys[first] = true
	began, known := time.Now(), s.queue.Len()
	for last := began; ctx.Err() == nil && time.Since(last) < s.Quiet && time.Since(began) < s.patience(known); time.Sleep(glance) {
		if n := s.queue.Len(); n != known {
			known, last = n, time.Now()
		}
	}
	// Nobody else takes, so what is counted can be had without waiting.
	for s.queue.Len() > 0 {
		key, shutdown := s.queue.Get()
		if shutdown {
			break
		}
		keys[key] = true
	}
	return keys
}

// patience is how long more news of so many routers are waited for: a node that is lost takes a while to be told of.
func (s *Syncer) patience(routers int) time.Duration {
	return s.Patience + min(time.Duration(routers)*perRouter, 2*s.Patience)
}

func (s *Syncer) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = time.Now()
}

// end puts back what must be tried again: all of keys where the pass failed as a whole, else the routers that are late,
// each after a pause of its own.
func (s *Syncer) end(keys, late map[string]bool, err error) {
	s.mu.Lock()
	s.busy = time.Time{}
	s.mu.Unlock()
	for key := range keys {
		if err != nil {
			s.queue.Add(key)
		}
		s.queue.Done(key)
	}
	if err != nil {
		return
	}
	s.failures = 0
	for router := range late {
		delay := s.limiter.When(router)
		s.due[router] = time.Now().Add(delay)
		s.queue.AddAfter(router, delay)
	}
}

// isDue reports whether a router is to be tried again.
func (s *Syncer) isDue() bool {
	for _, when := range s.due {
		if !time.Now().Before(when) {
			return true
		}
	}
	return false
}

// pause is what a cloud or a cluster in trouble is given, longer each time; news do not cut it short. Refused credentials
// are not sent again soon: that would lock the account, for others too.
func (s *Syncer) pause(ctx context.Context, err error) {
	delay := min(s.Backoff<<min(s.failures, 20), s.LongestPause)
	if errors.Is(err, platform.ErrCredentials) {
		delay = s.LongestBackoff
	}
	s.failures++
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
