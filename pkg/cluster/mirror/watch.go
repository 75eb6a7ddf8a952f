package mirror

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
)

// settle is how long Watch waits for more news before it tells of the first.
const settle = 200 * time.Millisecond

// Watch calls changed whenever something has happened to the routers of a namespace ("" for all), or to what
// belongs to them, until ctx ends or changed fails. It watches metadata alone: what changed is for the caller
// to read. What may not be watched, or is not served, is passed over.
func Watch(ctx context.Context, c *cluster.Client, namespace string, changed func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news := make(chan struct{}, 1)
	for _, r := range watched() {
		if err := watchMetadata(ctx, c, r, namespace, news); err != nil {
			return err
		}
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settle):
		}
		// What came while waiting is read with the rest.
		select {
		case <-news:
		default:
		}
		if err := changed(); err != nil {
			return err
		}
	}
}

// watched are the kinds that a router's chain is made of.
func watched() []cluster.Reading {
	return []cluster.Reading{
		cluster.MetadataOf(cluster.EgressRouters), cluster.MetadataOf(cluster.NADs),
		cluster.MetadataOf(cluster.Deployments).Labelled(read.Ours()), cluster.MetadataOf(cluster.Deployments).Labelled(read.Operators()),
		cluster.MetadataOf(cluster.Pods).Labelled(read.Ours()), cluster.MetadataOf(cluster.Pods).Labelled(read.Operators()),
		cluster.MetadataOf(cluster.Services),
	}
}

// watchMetadata tells news of every change to what r selects.
func watchMetadata(ctx context.Context, c *cluster.Client, r cluster.Reading, namespace string, news chan<- struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	s := NewSource(c, r, namespace)
	s.refused = func(error) { cancel() }
	if err := s.handle(func(_, _ *held) { notify(news) }); err != nil {
		cancel()
		return fmt.Errorf("watching %s: %w", r.GVR().Resource, err)
	}
	go func() {
		defer cancel()
		s.run(ctx)
	}()
	return nil
}

// notify says that there is news, unless that is known.
func notify(news chan<- struct{}) {
	select {
	case news <- struct{}{}:
	default:
	}
}
