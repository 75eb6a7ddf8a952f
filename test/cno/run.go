package cno

import (
	"context"
	"reflect"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/cno/facts"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// Run plays the operator in a cluster that serves the OpenShift APIs, until ctx ends. It starts again, and forgets all that
// it remembers, whenever the operator's Deployment gets another pod template, as by kubectl rollout restart. A
// cluster that has no such Deployment restarts nothing.
func Run(ctx context.Context, cfg *rest.Config, o Options) error {
	c, err := kube.NewClient(cfg)
	if err != nil {
		return err
	}
	restarts := make(chan struct{})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return kube.Reconcile(ctx, cfg, &appsv1.Deployment{}, rollouts(c, restarts))
	})
	group.Go(func() error {
		return lives(ctx, restarts, func(ctx context.Context) error { return live(ctx, cfg, c, o) })
	})
	return group.Wait()
}

// rollouts sends to restarts each time that the operator's Deployment has another pod template than before.
func rollouts(c client.Client, restarts chan<- struct{}) kube.Reconciler {
	var last *corev1.PodTemplateSpec
	return func(ctx context.Context, key client.ObjectKey) (time.Duration, error) {
		if key.Namespace != facts.OperatorNamespace || key.Name != facts.OperatorDeployment {
			return 0, nil
		}
		var d appsv1.Deployment
		if err := c.Get(ctx, key, &d); err != nil {
			return 0, client.IgnoreNotFound(err)
		}
		before := last
		last = &d.Spec.Template
		if before == nil || reflect.DeepEqual(before, last) {
			return 0, nil
		}
		select {
		case restarts <- struct{}{}:
		case <-ctx.Done():
		}
		return 0, nil
	}
}

// lives has live begin again at each of restarts, until ctx ends.
func lives(ctx context.Context, restarts <-chan struct{}, live func(context.Context) error) error {
	for ctx.Err() == nil {
		life, end := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- live(life) }()
		var err error
		restarted := false
		select {
		case <-restarts:
			restarted = true
			end()
			err = <-ended
		case err = <-ended:
			end()
		}
		if err != nil && !restarted { // what a life could not finish is the next one's
			return err
		}
	}
	return nil
}
