package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
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
	for _, s := range watched() {
		if err := c.watchMetadata(ctx, s, namespace, news); err != nil {
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

// watched are the resources that a router's chain is made of.
func watched() []selection {
	ours := selector(map[string]string{egress.LabelName: egress.NameValue, egress.LabelManagedBy: egress.ManagedByValue})
	operators := selector(map[string]string{"app": egress.OperatorApp})
	return []selection{
		{gvr: egress.Resource},
		{gvr: nads()},
		{gvr: deployments(), labels: ours}, {gvr: deployments(), labels: operators},
		{gvr: core("pods"), labels: ours}, {gvr: core("pods"), labels: operators},
		{gvr: core("services")},
	}
}

// watchMetadata tells news of every change to what s selects.
func (c *Client) watchMetadata(ctx context.Context, s selection, namespace string, news chan<- struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	informer := metadatainformer.NewFilteredMetadataInformer(c.metadata, s.gvr, namespace, 0, cache.Indexers{}, s.narrow)
	err := errors.Join(
		informer.Informer().SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
			if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || notServed(err) {
				cancel()
			}
		}),
		addHandler(informer, func() {
			select {
			case news <- struct{}{}:
			default:
			}
		}),
	)
	if err != nil {
		cancel()
		return fmt.Errorf("watching %s: %w", s.gvr.Resource, err)
	}
	go func() {
		defer cancel()
		informer.Informer().RunWithContext(ctx)
	}()
	return nil
}
