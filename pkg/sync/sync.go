// Package sync keeps Neutron in step with routers whose pods move: it watches the cluster, plans with the OpenStack
// adapter, and carries the plans out as they become needed.
//
// Everything is planned for the whole cluster at once, so that a port is written once however many routers it changes
// for, and so that no pair is taken away that another router needs. What sync remembers only tells it when to look:
// before anything is written, routers and pods are read from the API server itself, and where they cannot be, nothing is.
package sync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// Controller is the name under which Events are recorded, and that of the Lease.
const Controller = "kubectl-egress-sync"

// Options say how a Syncer works. The zero value of each duration is its default.
type Options struct {
	// Config is how the cluster is reached, and Client the same, for the field manager that records.
	Config *rest.Config
	Client *cluster.Client
	// Connect logs in to the cloud. log must hear of each request, as openstack.Credentials.Log does.
	Connect func(ctx context.Context, log func(format string, args ...any)) (*openstack.Cloud, error)
	// Concurrency and MaxPairs are the adapter's.
	Concurrency, MaxPairs int
	// Log takes what happens, one line for each change and for each new trouble.
	Log *slog.Logger

	// Election decides who writes; nil: this process, alone. Its Lost is set here.
	Election *cluster.Election
	// Listen is the address of /metrics, /healthz and /readyz; "": none.
	Listen string
	// Listening hears where Listen is, once it is open.
	Listening func(address string)

	// Resync is how often everything is compared with Neutron although nothing was heard; 5 minutes.
	Resync time.Duration
	// Quiet is how long no news must come before they are acted on together, and Patience how long that is waited for
	// at most, up to three times as long where there are news of many routers; 150 ms and a second.
	Quiet, Patience time.Duration
	// Backoff and LongestBackoff are the first and the longest pause before a router, the cloud or the cluster is tried
	// again; a second and a minute.
	Backoff, LongestBackoff time.Duration
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{
		{&o.Resync, 5 * time.Minute}, {&o.Quiet, 150 * time.Millisecond}, {&o.Patience, time.Second},
		{&o.Backoff, time.Second}, {&o.LongestBackoff, time.Minute},
	} {
		if *d.value == 0 {
			*d.value = d.otherwise
		}
	}
	return o
}

// Syncer is a running sync.
type Syncer struct {
	Options
	mirror *cluster.Mirror
	queue  workqueue.TypedDelayingInterface[string]
	// limiter says how long a router that could not be helped is left alone.
	limiter  workqueue.TypedRateLimiter[string]
	recorder *cluster.Recorder
	metrics  *metrics
	troubles *troubles
	cloud    *openstack.Cloud

	mu sync.Mutex
	// records are what was last recorded on routers, until the Mirror shows it.
	records map[types.UID]written
	// orphans are routers that are gone and that pairs were recorded on.
	orphans map[types.UID]orphan
	// heard is when there was first news of a router that no pass has seen yet.
	heard map[string]time.Time
	// moved is when it was first seen that a router's frames leave elsewhere, until that is in step.
	moved   map[string]time.Time
	leading bool
	// busy is when the pass that is under way began; zero between two.
	busy time.Time

	// The rest belongs to the loop.
	// placed is where the frames of each router leave.
	placed map[string]string
	// tried is what the last pass has left, and due when the routers that it could not help are to be tried again.
	tried *view
	due   map[string]time.Time
	// failures are the passes in a row that came to nothing.
	failures int
}

// Run keeps Neutron in step until ctx ends, whose error it then returns.
func Run(ctx context.Context, o Options) error {
	s := &Syncer{Options: o.withDefaults(), metrics: newMetrics(), records: map[types.UID]written{}, orphans: map[types.UID]orphan{},
		heard: map[string]time.Time{}, moved: map[string]time.Time{}}
	s.troubles = newTroubles(s.Log, s.metrics)
	s.queue = workqueue.NewTypedDelayingQueue[string]()
	s.limiter = workqueue.NewTypedItemExponentialFailureRateLimiter[string](s.Backoff, s.LongestBackoff)
	s.mirror = s.Client.NewMirror(cluster.MirrorEvents{Changed: s.hear, Gone: s.gone})

	// What serves and records outlives the loop, so that its last words are heard.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var err error
	if s.recorder, err = cluster.NewRecorder(serving, s.Config, Controller, func(err error) { s.troubles.say("events", err) }); err != nil {
		return err
	}
	closed, err := s.serve(serving)
	if err != nil {
		return err
	}
	var watching sync.WaitGroup
	var mirrorErr error
	watching.Go(func() { mirrorErr = s.mirror.Run(ctx) })
	watching.Go(func() { s.watchTrouble(ctx) })
	defer context.AfterFunc(ctx, s.queue.ShutDown)()
	err = s.elect(ctx)
	watching.Wait()
	stop()
	closed()
	return errors.Join(err, mirrorErr, ctx.Err())
}

// elect runs the loop whenever this process is the one to write.
func (s *Syncer) elect(ctx context.Context) error {
	if s.Election == nil {
		s.lead(ctx)
		return nil
	}
	e := *s.Election
	e.Lost = func(err error) { s.troubles.say("election", err) }
	s.Log.Info("waiting to lead", "lease", e.Namespace+"/"+e.Name, "identity", e.Identity)
	if err := cluster.Elect(ctx, s.Config, e, s.lead); err != nil {
		return fmt.Errorf("standing for election: %w", err)
	}
	return nil
}

// lead works until ctx ends, which it does too when another leads.
func (s *Syncer) lead(ctx context.Context) {
	s.troubles.over("election")
	s.metrics.leader.Set(1)
	defer s.metrics.leader.Set(0)
	s.Log.Info("leading")
	s.forget()
	defer s.setLeading(s.setLeading(true))
	if s.awaitSync(ctx) {
		s.loop(ctx)
	}
	s.Log.Info("no longer leading")
}

// forget drops what another may have changed while this process did not lead.
func (s *Syncer) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.records)
	s.tried, s.due = nil, map[string]time.Time{}
	s.placed = map[string]string{}
	for uid, o := range s.orphans {
		if time.Since(o.since) > longestHandover {
			delete(s.orphans, uid)
		}
	}
}

// awaitSync waits until everything was read once: before, nothing is known of what is needed.
func (s *Syncer) awaitSync(ctx context.Context) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !s.mirror.Synced() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// setLeading sets whether this process leads, and gives what was so before.
func (s *Syncer) setLeading(leading bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.leading
	s.leading = leading
	return was
}

// watchTrouble says what of the cluster cannot be read.
func (s *Syncer) watchTrouble(ctx context.Context) {
	tick := time.NewTicker(min(s.Backoff, time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.mirror.Trouble(); err != nil {
			s.troubles.say("watch", err)
		} else {
			s.troubles.over("watch")
		}
	}
}
