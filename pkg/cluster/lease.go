package cluster

import (
	"context"
	"errors"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// lease is a Lease that says what it is refused.
type lease struct {
	*resourcelock.LeaseLock
	refused func(error)
}

// NewLease makes the lock of a leader election out of a Lease, for the process that identity names. refused is called
// with why the Lease could not be had or kept; that another holds it is no such reason.
func NewLease(cfg *rest.Config, namespace, name, identity string, refused func(error)) (resourcelock.Interface, error) {
	client, err := coordination.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the leader election: %w", err)
	}
	return lease{&resourcelock.LeaseLock{
		LeaseMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Client: client,
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
	}, refused}, nil
}

func (l lease) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.LeaseLock.Get(ctx)
	return record, raw, l.tell("get", err)
}

func (l lease) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.tell("create", l.LeaseLock.Create(ctx, record))
}

func (l lease) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.tell("update", l.LeaseLock.Update(ctx, record))
}

func (l lease) tell(verb string, err error) error {
	missing := verb == "get" && apierrors.IsNotFound(err) && !NotServed(err) // it will be made
	if err == nil || missing || apierrors.IsConflict(err) || errors.Is(err, context.Canceled) {
		return err
	}
	gvr, of := coordinationv1.SchemeGroupVersion.WithResource("leases"), l.LeaseMeta
	l.refused(fmt.Errorf("the Lease %s in namespace %s cannot be had: %w", of.Name, of.Namespace, Explain(err, verb, gvr, of.Namespace)))
	return err
}
