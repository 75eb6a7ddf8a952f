package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// source is one resource of a Mirror.
type source struct {
	client   *Client
	reading  reading
	informer cache.SharedIndexInformer

	mu sync.Mutex
	// errs are why the last of each verb failed.
	errs map[string]error
}

func newSource(c *Client, r reading, example runtime.Object) *source {
	s := &source{client: c, reading: r, errs: map[string]error{}}
	lw := &cache.ListWatch{ListWithContextFunc: s.list, WatchFuncWithContext: s.watch}
	s.informer = cache.NewSharedIndexInformer(plain{lw}, example, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	return s
}

// plain is a list, then a watch: a stream of the list needs other rights, and older servers have none.
type plain struct{ *cache.ListWatch }

// IsWatchListSemanticsUnSupported has reflectors list.
func (plain) IsWatchListSemanticsUnSupported() bool { return true }

// handle has changed called with what is kept of an object before and after each change, nil where it was or is not.
func (s *source) handle(changed func(before, after *held)) error {
	_, err := s.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if after, ok := object.(*held); ok {
				changed(nil, after)
			}
		},
		UpdateFunc: func(old, object any) {
			before, ok := old.(*held)
			after, also := object.(*held)
			if ok && also && !before.same(after) {
				changed(before, after)
			}
		},
		DeleteFunc: func(object any) {
			if missed, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = missed.Obj
			}
			if before, ok := object.(*held); ok {
				changed(before, nil)
			}
		},
	})
	return errors.Join(err,
		s.informer.SetTransform(func(object any) (any, error) { return s.keep(object) }),
		// What goes wrong is noted where it happens.
		s.informer.SetWatchErrorHandlerWithContext(func(context.Context, *cache.Reflector, error) {}))
}

// keep is what is kept of an object: that it cannot be understood is, too.
func (s *source) keep(object any) (any, error) {
	if h, ok := object.(*held); ok {
		return h, nil // it was asked before
	}
	o, ok := object.(runtime.Object)
	if !ok {
		return object, nil // a tombstone of what is kept
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.reading.gvr.Resource, err)
	}
	h := &held{part: &snapshot.Snapshot{}, ObjectMeta: metav1.ObjectMeta{
		Namespace: accessor.GetNamespace(), Name: accessor.GetName(), UID: accessor.GetUID(),
		ResourceVersion: accessor.GetResourceVersion(), Labels: accessor.GetLabels(),
	}}
	h.err = s.reading.add(h.part, o)
	return h, nil
}

// fill adds to into what is kept of the source.
func (s *source) fill(into *snapshot.Snapshot) error {
	var errs []error
	for _, object := range s.informer.GetStore().List() {
		if h, ok := object.(*held); ok {
			merge(into, h.part)
			errs = append(errs, h.err)
		}
	}
	return errors.Join(errs...)
}

// read lists the source from the server, with what cannot be understood apart.
func (s *source) read(ctx context.Context) (part *snapshot.Snapshot, unreadable, err error) {
	careful := s.reading
	var bad []error
	careful.add = func(into *snapshot.Snapshot, object runtime.Object) error {
		bad = append(bad, s.reading.add(into, object))
		return nil
	}
	part, err = s.client.fillFrom(ctx, careful, "")
	return part, errors.Join(bad...), s.explained("list", err)
}

func (s *source) list(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
	o.LabelSelector = s.reading.labels
	var list runtime.Object
	err := s.persist(ctx, "list", func() (err error) {
		list, err = s.reading.page(ctx, s.client, "", o)
		return err
	})
	return list, err
}

func (s *source) watch(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	o.LabelSelector = s.reading.labels
	var events watch.Interface
	err := s.persist(ctx, "watch", func() (err error) {
		events, err = s.client.watchOne(ctx, s.reading.gvr, o)
		return err
	})
	return events, err
}

// persist sends until the server answers: the reflector's own pauses grow to half a minute. What went wrong is noted.
func (s *source) persist(ctx context.Context, verb string, send func() error) error {
	for {
		err := s.client.retry(ctx, send)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A version that is too old is no trouble: the reflector lists again.
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			return err
		}
		s.note(verb, s.explained(verb, err))
		if err == nil || !s.client.transient(err) {
			return err
		}
	}
}

func (s *source) explained(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s cannot be read: %w", s.reading.gvr.GroupResource(), explain(err, verb, s.reading.gvr, ""))
}

// note keeps why verb failed; nil: it did not.
func (s *source) note(verb string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs[verb] = err
}

func (s *source) trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cmp.Or(s.errs["list"], s.errs["watch"])
}

// watchOne watches a resource in all namespaces.
func (c *Client) watchOne(ctx context.Context, gvr schema.GroupVersionResource, o metav1.ListOptions) (watch.Interface, error) {
	if gvr.Group != "" && !scheme.Scheme.IsGroupRegistered(gvr.Group) {
		return c.dynamic.Resource(gvr).Watch(ctx, o)
	}
	o.Watch = true
	request := c.builtin.Get().AbsPath("/apis", gvr.Group, gvr.Version)
	if gvr.Group == "" {
		request = c.builtin.Get().AbsPath("/api", gvr.Version)
	}
	return request.Suffix(gvr.Resource).
		SpecificallyVersionedParams(&o, scheme.ParameterCodec, schema.GroupVersion{Version: "v1"}).
		Watch(ctx)
}
