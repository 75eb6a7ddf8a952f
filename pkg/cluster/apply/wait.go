package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/mirror"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// TimeoutError is returned where a wait takes longer than it may.
type TimeoutError struct {
	// What was waited for, and Why it is not there.
	What, Why string
	After     time.Duration
}

// Error says what was waited for, how long, and why it is not there.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("timed out after %s waiting for %s: %s", e.After, e.What, e.Why)
}

// Target is a router to wait for.
type Target struct {
	// Router is as the cluster holds it, with what this tool has noted on it.
	Router snapshot.Router
	// Caller is how this tool was called.
	Caller finding.Caller
	// Part is what is set on the operator's Deployment; nil leaves it alone.
	Part *Part
	// Restart restarts the pod also where it cannot be told whether it runs older rules.
	Restart bool
}

// Wait waits until the router serves: NAD there, Deployment available, net1 with the reserved IP in
// the pod's network-status, and a ready endpoint of each of its Services. It applies t's Part as soon as the operator
// has made the Deployment, and restarts an operator's Deployment whose pod runs older rules. say hears of
// that, and of a reason that has held things up for a second. The error is a TimeoutError when timeout is
// over.
func Wait(ctx context.Context, c *cluster.Client, t Target, timeout time.Duration, say func(reason string)) error {
	w := &waiter{client: c, target: t, say: say}
	reasons := &reasons{say: say}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	needed, wanted := chainSources(c, t.Router)
	err := mirror.Follow(within, slices.Concat(needed, wanted), func() (bool, error) {
		s, err := mirror.Gather(needed, wanted)
		if s == nil || err != nil {
			return false, err
		}
		reason, err := w.judge(within, s)
		reasons.now(reason)
		return reason == "", err
	})
	return timedOut(ctx, err, "egress router "+egress.Key(&t.Router.EgressRouter), timeout, func() string { return w.final(ctx) })
}

// reasons passes on why something is not there yet, once for each reason that lasts.
type reasons struct {
	say        func(string)
	last, said string
	since      time.Time
}

// lasting is how long a reason must hold before a person hears of it.
const lasting = time.Second

func (r *reasons) now(reason string) {
	if reason != r.last {
		r.last, r.since = reason, time.Now()
	}
	if reason != "" && reason != r.said && time.Since(r.since) >= lasting {
		r.said = reason
		r.say(reason)
	}
}

// timedOut is err, as a TimeoutError where the time of the wait alone is over.
func timedOut(ctx context.Context, err error, what string, timeout time.Duration, why func() string) error {
	if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return err
	}
	reason := why()
	if reason == "" {
		reason = "the cluster has not answered"
	}
	return &TimeoutError{What: what, Why: reason, After: timeout}
}

// waiter follows a router until it serves.
type waiter struct {
	client *cluster.Client
	target Target
	say    func(string)
	// last is what was seen last, since when the router is at its stage, asked when more was last read about that.
	last         *chain
	since, asked time.Time
	// more is what was read then, and unread why it could not be.
	more   *snapshot.Snapshot
	unread string
	// restarted is the stamp of the NAD for which the pod was restarted.
	restarted string
	// settled tells that the target's Part was applied, and generation the one that the Deployment has at least.
	settled    bool
	generation int64
}

// patience is how long a stage may take before more is read about it, and how often then.
const patience = 3 * time.Second

// starting is why a router does not serve whose pod was told to start again.
const starting = "the pod starts again"

// judge says why the router does not serve yet; "" when it does.
func (w *waiter) judge(ctx context.Context, s *snapshot.Snapshot) (string, error) {
	now := newChain(w.target, w.enriched(s))
	if !w.settled && now.settleable() || now.stale() && now.stamp() != w.restarted {
		if changed, err := w.settle(ctx, now); changed || err != nil {
			return starting, err
		}
	}
	if d := now.deployment(); d != nil && d.Generation < w.generation || now.stale() {
		return starting, nil
	}
	if w.last == nil || now.progress.Stage != w.last.progress.Stage {
		w.since, w.asked, w.more, w.unread = time.Now(), time.Time{}, nil, ""
	}
	w.last = now
	if now.progress.Stage < check.StageServing && time.Since(w.since) > patience && time.Since(w.asked) > patience {
		w.readMore(ctx)
	}
	return w.words(), nil
}

// settle applies the target's Part, once, and restarts the pod in the same roll-out where that is due.
func (w *waiter) settle(ctx context.Context, now *chain) (changed bool, err error) {
	live, err := w.client.Get(ctx, cluster.Deployments, w.target.Router.Namespace, now.deployment().Name)
	if err != nil || live == nil {
		return false, err
	}
	applied, err := settle(ctx, w.client, now, live)
	if err != nil {
		return false, err
	}
	w.settled, w.generation = true, applied.Object.GetGeneration()
	if now.stale() {
		w.restarted = now.stamp()
		w.say(restarting)
	}
	return applied.Result != Unchanged, nil
}

// restarting is said of a pod that starts with changed rules.
const restarting = "restarting its pod, so that it starts with the changed rules"

// final is why the router does not serve when time is up, looked for once more.
func (w *waiter) final(ctx context.Context) string {
	if w.last != nil {
		w.readMore(ctx)
	}
	return w.words()
}

// enriched is s with what was read beside it.
func (w *waiter) enriched(s *snapshot.Snapshot) *snapshot.Snapshot {
	if w.more == nil {
		return s
	}
	s.Cluster, s.Unknown = w.more.Cluster, append(s.Unknown, w.more.Unknown...)
	for i := range s.Pods {
		for _, p := range w.more.Pods {
			if p.UID == s.Pods[i].UID {
				s.Pods[i].Events = p.Events
			}
		}
	}
	return s
}

// readMore reads what lies beside the chain and holds it up: the operator's state where there is no NAD, the events of
// a pod that hangs.
func (w *waiter) readMore(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	w.asked = time.Now()
	o := read.Options{Namespace: w.target.Router.Namespace}
	more := &snapshot.Snapshot{Pods: w.last.index.Pods}
	var err error
	switch {
	case w.last.progress.Stage == check.StageNetwork && w.target.Router.Provisioner != egress.Standalone:
		var part *snapshot.Snapshot
		if part, err = read.One(ctx, w.client, read.Of(cluster.ClusterOperators), o); err == nil {
			read.Merge(more, part)
		}
	case w.last.progress.Stage == check.StagePod:
		err = read.Events(ctx, w.client, more, o)
	default:
		return
	}
	w.unread = ""
	if err != nil {
		w.unread = err.Error()
		return
	}
	for _, u := range more.Unknown {
		w.unread = u.Reason
	}
	w.more = more
	w.last = newChain(w.target, w.enriched(w.last.index.Snapshot))
}

func (w *waiter) words() string {
	switch {
	case w.last == nil:
		return ""
	case w.unread != "" && w.last.progress.Reason != "":
		return fmt.Sprintf("%s (more cannot be read: %s)", w.last.progress.Reason, w.unread)
	}
	return w.last.progress.Reason
}
