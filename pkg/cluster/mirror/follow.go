package mirror

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Follow keeps sources up to date, and calls judge whenever that changes anything and at least once a second, until
// judge is done or fails. The error is that of ctx where time runs out first.
func Follow(ctx context.Context, sources []*Source, judge func() (done bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := make(chan struct{}, 1)
	for _, s := range sources {
		if err := s.handle(func(*held, *held) { notify(changed) }); err != nil {
			return err
		}
		go s.run(ctx)
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if done, err := judge(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		case <-tick.C:
		}
	}
}

// Seen reports whether every source has seen the cluster. The error is that of one that may not be read.
func Seen(sources []*Source) (bool, error) {
	all := true
	for _, s := range sources {
		if err := s.trouble(); cluster.Refused(err) {
			return false, err
		}
		all = all && s.synced()
	}
	return all, nil
}

// Gather is what sources hold; nil before all have seen the cluster. What may not be read of those wanted is unknown.
func Gather(needed, wanted []*Source) (*snapshot.Snapshot, error) {
	if all, err := Seen(needed); !all || err != nil {
		return nil, err
	}
	s := &snapshot.Snapshot{}
	for _, source := range slices.Concat(needed, wanted) {
		switch err := source.trouble(); {
		case cluster.Refused(err):
			gvr := source.reading.GVR()
			s.Unknown = append(s.Unknown, snapshot.Unknown{Resource: gvr.Resource, Group: gvr.Group, Namespace: source.namespace, Reason: err.Error()})
			continue
		case !source.synced():
			return nil, nil
		}
		if err := source.fill(s); err != nil {
			return nil, err
		}
	}
	s.Sort()
	return s, nil
}

// Objects are the objects that sources hold.
func Objects(sources []*Source) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, s := range sources {
		for _, object := range s.informer.GetStore().List() {
			if h, ok := object.(*held); ok {
				if u, ok := h.object.(*unstructured.Unstructured); ok {
					out = append(out, u)
				}
			}
		}
	}
	return out
}

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
