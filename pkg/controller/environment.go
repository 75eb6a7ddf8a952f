package controller

import (
	"context"
	"log/slog"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/mirror"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Environment is what a Work is given of the process that it runs in.
type Environment struct {
	Log      *slog.Logger
	Troubles *Troubles
	Metrics  *Metrics
	// Recorder records Events on routers.
	Recorder *cluster.Recorder
	// Add asks for a pass, for a key that tells one reason from another: a router, or "" for everything. AddAfter does so after
	// a pause.
	Add      func(key string)
	AddAfter func(key string, pause time.Duration)
	// Leading returns since when this process leads; long ago where it does not.
	Leading func() time.Time
	// Backoff and LongestBackoff are the first and the longest pause before a router is tried again.
	Backoff, LongestBackoff time.Duration

	mirror *mirror.Mirror
}

// Snapshot returns what is mirrored of the cluster. What cannot be understood of it is said, and left out.
func (e *Environment) Snapshot() (*snapshot.Snapshot, error) {
	held, unreadable := e.mirror.Snapshot()
	e.Troubles.note("objects", unreadable)
	return held, unreadable
}

// Live reads routers and pods from the API server itself, all or nothing; unreadable is what cannot be understood of them.
func (e *Environment) Live(ctx context.Context) (live *snapshot.Snapshot, unreadable, err error) {
	live, unreadable, err = e.mirror.Live(ctx)
	if ctx.Err() == nil {
		e.Troubles.note("cluster", err)
	}
	return live, unreadable, err
}
