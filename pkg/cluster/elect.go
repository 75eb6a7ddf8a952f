package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Election says which Lease decides who leads, and how fast.
type Election struct {
	Namespace, Name string
	// Identity is this process's own among all.
	Identity string
	// Lease is how long a leader that is not heard of stays one; 0: 15 s. It renews every seventh part of that, and
	// gives up after two thirds.
	Lease time.Duration
	// Lost hears why a Lease could not be had or kept, which another's holding it is not.
	Lost func(error)
}

// Elect calls lead whenever this process leads, with a context that ends when it no longer does; until ctx ends. The
// Lease is given back at the end, once lead has returned.
func Elect(ctx context.Context, cfg *rest.Config, e Election, lead func(context.Context)) error {
	client, err := coordination.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("preparing the leader election: %w", err)
	}
	if e.Lease == 0 {
		e.Lease = 15 * time.Second
	}
	// A lead that is to end may take a moment: the next one waits for it.
	var one sync.Mutex
	alone := func(ctx context.Context) {
		one.Lock()
		defer one.Unlock()
		if ctx.Err() == nil {
			lead(ctx)
		}
	}
	defer one.Lock()
	for ctx.Err() == nil {
		if err := e.once(ctx, client, alone); err != nil {
			return err
		}
	}
	return nil
}

// once stands for election until this process has led and no longer does.
func (e Election) once(ctx context.Context, client coordination.CoordinationV1Interface, lead func(context.Context)) error {
	// The elector calls lead on the side, and gives the Lease back without waiting for it: so what it is told of ctx's
	// end waits until lead has ended.
	holding, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	leading := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: e.Name, ReleaseOnCancel: true,
		Lock: lock{&resourcelock.LeaseLock{
			LeaseMeta: metav1.ObjectMeta{Namespace: e.Namespace, Name: e.Name}, Client: client,
			LockConfig: resourcelock.ResourceLockConfig{Identity: e.Identity},
		}, e},
		LeaseDuration: e.Lease, RenewDeadline: e.Lease * 2 / 3, RetryPeriod: e.Lease / 7,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(held context.Context) {
				close(leading)
				within, stop := context.WithCancel(held)
				defer context.AfterFunc(ctx, stop)()
				lead(within)
				stop()
				release()
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("preparing the leader election: %w", err)
	}
	defer context.AfterFunc(ctx, func() {
		select {
		case <-leading:
		default:
			release()
		}
	})()
	elector.Run(holding)
	return nil
}

// lock is a Lease that says what it is refused.
type lock struct {
	*resourcelock.LeaseLock
	election Election
}

func (l lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.LeaseLock.Get(ctx)
	return record, raw, l.tell("get", err)
}

func (l lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.tell("create", l.LeaseLock.Create(ctx, record))
}

func (l lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.tell("update", l.LeaseLock.Update(ctx, record))
}

func (l lock) tell(verb string, err error) error {
	missing := verb == "get" && isNotFound(err) && !notServed(err) // it will be made
	if err == nil || missing || l.election.Lost == nil || apierrors.IsConflict(err) || errors.Is(err, context.Canceled) {
		return err
	}
	gvr := coordinationv1.SchemeGroupVersion.WithResource("leases")
	l.election.Lost(fmt.Errorf("the Lease %s in namespace %s cannot be had: %w", l.election.Name, l.election.Namespace, explain(err, verb, gvr, l.election.Namespace)))
	return err
}
