package cluster

import (
	"context"
	"fmt"
	"time"
)

// settle is how long Watch waits for more news before it tells of the first.
const settle = 200 * time.Millisecond

// Watch calls changed whenever something has happened to the routers of a namespace ("" for all), or to what
// belongs to them, until ctx ends or changed fails. It watches metadata alone: what changed is for the caller
// to read. What may not be watched, or is not served, is passed over.
func (c *Client) Watch(ctx context.Context, namespace string, changed func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news := make(chan struct{}, 1)
	for _, r := range watched() {
		if err := c.watchMetadata(ctx, r, namespace, news); err != nil {
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
func watched() []reading {
	return []reading{
		metadataOf(EgressRouters), metadataOf(NADs),
		metadataOf(Deployments).labelled(ours()), metadataOf(Deployments).labelled(operators()),
		metadataOf(Pods).labelled(ours()), metadataOf(Pods).labelled(operators()),
		metadataOf(Services),
	}
}

// watchMetadata tells news of every change to what r selects.
func (c *Client) watchMetadata(ctx context.Context, r reading, namespace string, news chan<- struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	s := c.newSource(r, namespace)
	s.refused = func(error) { cancel() }
	if err := s.handle(func(_, _ *held) { notify(news) }); err != nil {
		cancel()
		return fmt.Errorf("watching %s: %w", r.row().resource, err)
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
