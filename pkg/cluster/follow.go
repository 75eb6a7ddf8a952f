package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// selection is a part of one resource in one namespace: by name, or by labels.
type selection struct {
	gvr    schema.GroupVersionResource
	name   string
	labels string
}

func (s selection) narrow(o *metav1.ListOptions) {
	o.LabelSelector = s.labels
	if s.name != "" {
		o.FieldSelector = "metadata.name=" + s.name
	}
}

// follow keeps the selections of a namespace up to date by one list and watch each, and calls judge with
// what they hold, whenever that changes and at least once a second, until judge is done or fails.
// The error is that of ctx where time runs out first.
func (c *Client) follow(ctx context.Context, namespace string, selections []selection, judge func(lists [][]*unstructured.Unstructured) (done bool, err error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	changed := make(chan struct{}, 1)
	changed <- struct{}{}
	watched, err := c.watch(ctx, cancel, namespace, selections, changed)
	if err != nil {
		return err
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		case <-tick.C:
		}
		lists, synced, err := read(watched)
		if err != nil {
			return err
		}
		if !synced {
			continue
		}
		if done, err := judge(lists); done || err != nil {
			return err
		}
	}
}

// watch starts an informer for each selection; each tells changed when it has news. A selection that may
// not be watched, or is not served, ends them all through cancel.
func (c *Client) watch(ctx context.Context, cancel context.CancelCauseFunc, namespace string, selections []selection, changed chan<- struct{}) ([]informers.GenericInformer, error) {
	news := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	var watched []informers.GenericInformer
	for _, s := range selections {
		informer := dynamicinformer.NewFilteredDynamicInformer(c.dynamic, s.gvr, namespace, 0, cache.Indexers{}, s.narrow)
		err := errors.Join(
			informer.Informer().SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) {
				if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || notServed(err) {
					cancel(fmt.Errorf("watching %s: %w", s.gvr.Resource, explain(err, "list", s.gvr, namespace)))
				}
			}),
			addHandler(informer, news),
		)
		if err != nil {
			return nil, fmt.Errorf("watching %s: %w", s.gvr.Resource, err)
		}
		go informer.Informer().RunWithContext(ctx)
		watched = append(watched, informer)
	}
	return watched, nil
}

func addHandler(informer informers.GenericInformer, news func()) error {
	_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { news() },
		UpdateFunc: func(any, any) { news() },
		DeleteFunc: func(any) { news() },
	})
	return err
}

// read gives what each informer holds; synced reports whether all have seen the cluster.
func read(watched []informers.GenericInformer) (lists [][]*unstructured.Unstructured, synced bool, err error) {
	for _, informer := range watched {
		if !informer.Informer().HasSynced() {
			return nil, false, nil
		}
		objects, err := informer.Lister().List(labels.Everything())
		if err != nil {
			return nil, false, err
		}
		var list []*unstructured.Unstructured
		for _, object := range objects {
			if u, ok := object.(*unstructured.Unstructured); ok {
				list = append(list, u)
			}
		}
		lists = append(lists, list)
	}
	return lists, true, nil
}
