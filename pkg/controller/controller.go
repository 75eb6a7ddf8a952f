// Package controller runs what runs for long: it watches a cluster, and has the work of a platform make a pass whenever
// there is news. It elects which of several processes works, serves metrics and health checks, and says each trouble once.
// The works are packages of their own: neutron keeps Neutron in step with pods that move, and audit says where the
// policies of any other platform reject what a router sends.
package controller

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/mirror"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Name is the name under which Events are recorded, and that of the Lease.
const Name = "kubectl-egress-sync"

// Options say how a controller works. The zero value of each duration is its default.
type Options struct {
	// Config is how the cluster is reached, and Client the same.
	Config *rest.Config
	Client *cluster.Client
	// Work makes what is to be done, and Mirror says what more of the cluster it needs to see.
	Work   func(*Environment) Work
	Mirror mirror.Options
	// Caller is how this tool was called.
	Caller finding.Caller
	// Log takes what happens, one line for each change and for each new trouble.
	Log *slog.Logger

	// Election decides who works; nil: this process, alone.
	Election *Election
	// Listen is the address of /metrics, /healthz and /readyz; "": none.
	Listen string
	// Listening is told where Listen is, once it is open.
	Listening func(address string)

	// Resync is how often everything is compared with the platform without any news; 5 minutes.
	Resync time.Duration
	// Quiet is how long no news must come before they are acted on together, and longestQuiet how long that is waited for
	// at most, up to three times as long where there are news of many routers; 150 ms and a second.
	Quiet, longestQuiet time.Duration
	// Backoff is the first pause before a router, the platform or the cluster is tried again; a second.
	Backoff time.Duration
	// LongestBackoff is the longest pause for a router, and each after refused credentials; a minute. LongestPause is
	// that for the platform or the cluster, which may be back for as long before that is seen; 15 s.
	LongestBackoff, LongestPause time.Duration
	// Lasting is how long the operator's Deployment must lack what create was asked to set on it before that is said; 30 s.
	Lasting time.Duration
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{
		{&o.Resync, 5 * time.Minute}, {&o.Quiet, 150 * time.Millisecond}, {&o.longestQuiet, time.Second},
		{&o.Backoff, time.Second}, {&o.LongestBackoff, time.Minute}, {&o.LongestPause, 15 * time.Second},
		{&o.Lasting, 30 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.otherwise
		}
	}
	return o
}

// Work is what a controller does on a platform.
type Work interface {
	// Changed is told of news of a router, or of a node with "", and asks for a pass.
	Changed(router string)
	// Deleted is told of a router that is gone, as it was last seen.
	Deleted(last snapshot.Router)
	// Pass does the work once; with all it compares everything, whatever is thought to be done. An error is what kept
	// the whole from being done: it is tried again after a pause.
	Pass(ctx context.Context, all bool) error
	// Close lets go of what only a process that leads has need of.
	Close(ctx context.Context)
}

// controller is one that runs.
type controller struct {
	Options
	work Work
	env  *Environment
	// settings belongs to the loop.
	settings *settings
	// queue has the routers that there is news of, and everything.
	queue workqueue.TypedDelayingInterface[string]

	// leading is since when this process leads, and busy since when a pass is under way, in nanoseconds; 0: it does not, or
	// none is.
	leading, busy atomic.Int64

	// failures are the passes in a row that came to nothing. It belongs to the loop.
	failures int
}

// newController makes one whose Events are recorded until ctx ends.
func newController(ctx context.Context, o Options) (*controller, error) {
	c := &controller{Options: o.withDefaults(), queue: workqueue.NewTypedDelayingQueue[string]()}
	metrics := newMetrics()
	troubles := newTroubles(c.Log, metrics)
	recorder, err := cluster.NewRecorder(ctx, c.Config, Name, func(err error) { troubles.Say("events", err) })
	if err != nil {
		return nil, err
	}
	c.env = &Environment{
		Log: c.Log, Troubles: troubles, Metrics: metrics, Recorder: recorder, Backoff: c.Backoff, LongestBackoff: c.LongestBackoff,
		Add: c.queue.Add, AddAfter: c.queue.AddAfter, Leading: func() time.Time { return time.Unix(0, c.leading.Load()) },
	}
	c.env.mirror = mirror.New(c.Client, mirror.Events{
		Changed: func(router string) { c.work.Changed(router) }, Gone: func(last snapshot.Router) { c.work.Deleted(last) },
	}, c.Mirror)
	c.settings = &settings{Environment: c.env, caller: c.Caller, lasting: c.Lasting, since: map[string]time.Time{}}
	c.work = c.Work(c.env)
	return c, nil
}

// Run works until ctx ends, whose error it then returns, or until its Lease is lost (ErrLeaseLost).
func Run(ctx context.Context, o Options) error {
	// What serves and records outlives the loop, so that what it says last is served and recorded.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	c, err := newController(serving, o)
	if err != nil {
		return err
	}
	defer c.queue.ShutDown()
	closed, err := c.serve(serving)
	if err != nil {
		return err
	}
	// Watching ends with the work too, where the Lease is lost.
	watched, unwatch := context.WithCancel(ctx)
	defer unwatch()
	var watching sync.WaitGroup
	var mirrorErr error
	watching.Go(func() { mirrorErr = c.env.mirror.Run(watched) })
	watching.Go(func() {
		wait.UntilWithContext(watched, func(context.Context) { c.env.Troubles.note("watch", c.env.mirror.Trouble()) }, min(c.Backoff, time.Second))
	})
	err = c.elect(ctx)
	unwatch()
	watching.Wait()
	stop()
	closed()
	return errors.Join(err, mirrorErr, ctx.Err())
}

// elect works once this process is the one to do so.
func (c *controller) elect(ctx context.Context) error {
	if c.Election == nil {
		c.lead(ctx)
		return nil
	}
	c.Log.Info("waiting to lead", "lease", c.Election.Namespace+"/"+c.Election.Name, "identity", c.Election.Identity)
	return c.Election.run(ctx, c.Config, func(err error) { c.env.Troubles.Say("election", err) }, c.lead)
}

// lead works until ctx ends, which it does too when the Lease is lost.
func (c *controller) lead(ctx context.Context) {
	c.env.Troubles.Over("election")
	c.env.Metrics.leader.Set(1)
	defer c.env.Metrics.leader.Set(0)
	c.Log.Info("leading")
	c.leading.Store(time.Now().UnixNano())
	// Before everything was read once, nothing is known of what is needed.
	synced := func(context.Context) (bool, error) { return c.env.mirror.Synced(), nil }
	if wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, synced) == nil {
		c.loop(ctx)
	}
	c.work.Close(context.WithoutCancel(ctx))
	c.Log.Info("no longer leading")
}
