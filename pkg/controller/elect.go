package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
)

// ErrLeaseLost is in the chain of the error of a Run whose Lease ran out or went to another process. What this one
// knew may be old by then: it ends, and whoever started it starts one that reads everything again.
var ErrLeaseLost = errors.New("the Lease was lost")

// Election says which Lease decides which of several processes works, and how fast.
type Election struct {
	Namespace, Name string
	// Identity is this process's own among all.
	Identity string
	// Lease is how long a leader that is silent stays one; 0: 15 s. It renews every seventh part of that, and
	// gives up after two thirds.
	Lease time.Duration
}

// run waits for the Lease and calls lead once, with a context that ends with the Lease or with ctx. Once lead has
// returned the Lease is given back. The error of a Lease that was lost is ErrLeaseLost; there is none where ctx ended.
func (e Election) run(ctx context.Context, cfg *rest.Config, refused func(error), lead func(context.Context)) error {
	lock, err := cluster.NewLease(cfg, e.Namespace, e.Name, e.Identity, refused)
	if err != nil {
		return err
	}
	if e.Lease == 0 {
		e.Lease = 15 * time.Second
	}
	// The elector calls on the side, so it only hands over that it leads.
	terms := make(chan context.Context, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: e.Name, Lock: lock, ReleaseOnCancel: true,
		LeaseDuration: e.Lease, RenewDeadline: e.Lease * 2 / 3, RetryPeriod: e.Lease / 7,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(term context.Context) { terms <- term },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("preparing the leader election: %w", err)
	}
	// The Lease is held beyond the end of ctx, until lead has ended.
	holding, release := context.WithCancel(context.WithoutCancel(ctx))
	released := make(chan struct{})
	go func() {
		defer close(released)
		elector.Run(holding)
	}()
	defer func() { <-released }()
	defer release()
	select {
	case <-ctx.Done():
		return nil
	case term := <-terms:
		within, stop := context.WithCancel(term)
		defer stop()
		defer context.AfterFunc(ctx, stop)()
		lead(within)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("%w: %s in namespace %s could not be renewed in time, or another process has it: this one ends, to be started again",
		ErrLeaseLost, e.Name, e.Namespace)
}
