// Package controller watches a cluster for as long as it runs. On OpenStack it keeps Neutron in step with routers whose pods
// move: it plans with the OpenStack adapter, and carries the plans out as they become needed. On vSphere, where nothing
// moves with pods but policies drift, it audits: it plans, says what the plan shows, and writes nothing.
//
// On OpenStack everything is planned for the whole cluster at once, so that a port is written once however many routers
// it changes for, and so that no pair is taken away that another router needs. What sync remembers only tells it when to
// look: before anything is written, routers and pods are read from the API server itself, and where they cannot be,
// nothing is.
package controller

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Name is the name under which Events are recorded, and that of the Lease.
const Name = "kubectl-egress-sync"

// Options say how a Syncer works. The zero value of each duration is its default.
type Options struct {
	// Config is how the cluster is reached, and Client the same, for the field manager that records.
	Config *rest.Config
	Client *cluster.Client
	// Connect logs in to the cloud, whose Neutron is then kept in step. log must hear of each request, as
	// openstack.Credentials.Log does. Either Connect or Audit is set.
	Connect func(ctx context.Context, log func(format string, args ...any)) (*openstack.Cloud, error)
	// Concurrency and MaxPairs are the OpenStack adapter's.
	Concurrency, MaxPairs int
	// Audit prepares to look at vSphere, with the credentials as they are now: it is asked again where they did not do.
	Audit func(ctx context.Context) (Auditor, error)
	// Preflight are the flags with which "preflight vsphere" asks for the same as Audit, such as --require=docs.
	Preflight string
	// Log takes what happens, one line for each change and for each new trouble.
	Log *slog.Logger

	// Election decides who works; nil: this process, alone.
	Election *Election
	// Listen is the address of /metrics, /healthz and /readyz; "": none.
	Listen string
	// Listening hears where Listen is, once it is open.
	Listening func(address string)

	// Resync is how often everything is compared with the platform although nothing was heard; 5 minutes.
	Resync time.Duration
	// Timeout is how long an audit may take; 5 minutes.
	Timeout time.Duration
	// Quiet is how long no news must come before they are acted on together, and Patience how long that is waited for
	// at most, up to three times as long where there are news of many routers; 150 ms and a second.
	Quiet, Patience time.Duration
	// Backoff is the first pause before a router, the platform or the cluster is tried again; a second.
	Backoff time.Duration
	// LongestBackoff is the longest pause for a router, and each after refused credentials; a minute. LongestPause is
	// that for the platform or the cluster, which may be back for as long before that is seen; 15 s.
	LongestBackoff, LongestPause time.Duration
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{
		{&o.Resync, 5 * time.Minute}, {&o.Timeout, 5 * time.Minute}, {&o.Quiet, 150 * time.Millisecond}, {&o.Patience, time.Second},
		{&o.Backoff, time.Second}, {&o.LongestBackoff, time.Minute}, {&o.LongestPause, 15 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.otherwise
		}
	}
	return o
}

// work is what a Syncer does, which is another thing on each platform.
type work interface {
	// hear is told of news of a router, or of a node with "", and asks for a pass.
	hear(router string)
	// gone is told of a router that was deleted, as it was last seen.
	gone(last snapshot.Router)
	// pass does the work once for the keys of the queue. late are the routers to try again after a pause; an error is
	// what kept the whole from being done.
	pass(ctx context.Context, keys map[string]bool) (late map[string]bool, err error)
	// rest lets go of what only a process that leads has need of.
	rest(ctx context.Context)
}

// Syncer is a running sync.
type Syncer struct {
	Options
	work   work
	mirror *cluster.Mirror
	queue  workqueue.TypedDelayingInterface[string]
	// limiter says how long a router that could not be helped is left alone.
	limiter  workqueue.TypedRateLimiter[string]
	recorder *cluster.Recorder
	metrics  *metrics
	troubles *troubles

	mu sync.Mutex
	// leading is since when this process leads; zero before.
	leading time.Time
	// busy is when the pass that is under way began; zero between two.
	busy time.Time

	// The rest belongs to the loop.
	// due is when the routers that the last pass could not help are to be tried again.
	due map[string]time.Time
	// failures are the passes in a row that came to nothing.
	failures int
}

func newSyncer(o Options) (*Syncer, error) {
	if (o.Connect == nil) == (o.Audit == nil) {
		return nil, errors.New("either Connect or Audit must be set")
	}
	s := &Syncer{Options: o.withDefaults(), queue: workqueue.NewTypedDelayingQueue[string](), due: map[string]time.Time{}}
	s.limiter = workqueue.NewTypedItemExponentialFailureRateLimiter[string](s.Backoff, s.LongestBackoff)
	if o.Audit != nil {
		s.metrics, s.work = newMetrics(platform.VSphere), newAudit(s)
	} else {
		s.metrics, s.work = newMetrics(platform.OpenStack), newNeutron(s)
	}
	s.troubles = newTroubles(s.Log, s.metrics)
	// On which nodes a router can come to be is in its Deployment.
	s.mirror = s.Client.NewMirror(cluster.MirrorEvents{Changed: s.work.hear, Gone: s.work.gone}, cluster.MirrorOptions{Deployments: o.Audit != nil})
	return s, nil
}

// Run keeps Neutron in step, or audits vSphere, until ctx ends, whose error it then returns.
func Run(ctx context.Context, o Options) error {
	s, err := newSyncer(o)
	if err != nil {
		return err
	}
	// What serves and records outlives the loop, so that its last words are heard.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if s.recorder, err = cluster.NewRecorder(serving, s.Config, Name, func(err error) { s.troubles.say("events", err) }); err != nil {
		return err
	}
	closed, err := s.serve(serving)
	if err != nil {
		return err
	}
	defer s.queue.ShutDown()
	// Watching ends with the work too, where the Lease is lost.
	watched, unwatch := context.WithCancel(ctx)
	defer unwatch()
	var watching sync.WaitGroup
	var mirrorErr error
	watching.Go(func() { mirrorErr = s.mirror.Run(watched) })
	watching.Go(func() { s.watchTrouble(watched) })
	err = s.elect(ctx)
	unwatch()
	watching.Wait()
	stop()
	closed()
	return errors.Join(err, mirrorErr, ctx.Err())
}

// elect works once this process is the one to do so.
func (s *Syncer) elect(ctx context.Context) error {
	if s.Election == nil {
		s.lead(ctx)
		return nil
	}
	s.Log.Info("waiting to lead", "lease", s.Election.Namespace+"/"+s.Election.Name, "identity", s.Election.Identity)
	return s.Election.run(ctx, s.Config, func(err error) { s.troubles.say("election", err) }, s.lead)
}

// lead works until ctx ends, which it does too when the Lease is lost.
func (s *Syncer) lead(ctx context.Context) {
	s.troubles.over("election")
	s.metrics.leader.Set(1)
	defer s.metrics.leader.Set(0)
	s.Log.Info("leading")
	s.setLeading()
	if s.awaitSync(ctx) {
		s.loop(ctx)
	}
	s.work.rest(context.WithoutCancel(ctx))
	s.Log.Info("no longer leading")
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

// setLeading notes since when this process leads.
func (s *Syncer) setLeading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leading = time.Now()
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

// mirrored is what the Mirror holds. What cannot be understood of it is said, and left out.
func (s *Syncer) mirrored() (*snapshot.Snapshot, error) {
	held, unreadable := s.mirror.Snapshot()
	if unreadable != nil {
		s.troubles.say("objects", unreadable)
	} else {
		s.troubles.over("objects")
	}
	return held, unreadable
}
