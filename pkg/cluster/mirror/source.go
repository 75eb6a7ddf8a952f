package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Source keeps what one reading finds up to date, by a list and a watch. It knows nothing before run.
type Source struct {
	client    *cluster.Client
	reading   cluster.Reading
	namespace string
	informer  cache.SharedIndexInformer
	// whole keeps the objects as they were sent, too.
	whole bool
	// fresh lists what the server has stored, where its cache may be behind.
	fresh bool
	// refused, unless it is nil, is told of what asking again does not fix: the user may not read this, or the cluster
	// does not serve it.
	refused func(error)

	mu sync.Mutex
	// errs are why the last of each verb failed.
	errs map[string]error
}

// held is what is kept of an object: who it is, and its part of a Snapshot.
type held struct {
	metav1.ObjectMeta
	part *snapshot.Snapshot
	// err says why the object cannot be understood.
	err error
	// object is as it was sent, where the source keeps that.
	object runtime.Object
}

// NewSource makes a source of r in a namespace, or with "" in all.
func NewSource(c *cluster.Client, r cluster.Reading, namespace string) *Source {
	s := &Source{client: c, reading: r, namespace: namespace, errs: map[string]error{}}
	lw := &cache.ListWatch{ListWithContextFunc: s.list, WatchFuncWithContext: s.watch}
	s.informer = cache.NewSharedIndexInformer(plain{lw}, r.Example(), 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	return s
}

// Whole is s keeping the objects as they were sent, too: see Objects.
func (s *Source) Whole() *Source {
	s.whole = true
	return s
}

// Fresh is s beginning with all that was written before: a list may else come from a cache of the server's, which has
// not yet heard of what was applied a moment ago.
func (s *Source) Fresh() *Source {
	s.fresh = true
	return s
}

// run keeps the source up to date until ctx ends.
func (s *Source) run(ctx context.Context) { s.informer.RunWithContext(ctx) }

// synced reports whether the source was read once.
func (s *Source) synced() bool { return s.informer.HasSynced() }

// plain is a list, then a watch: a stream of the list needs other rights, and older servers have none.
type plain struct{ *cache.ListWatch }

// IsWatchListSemanticsUnSupported has reflectors list.
func (plain) IsWatchListSemanticsUnSupported() bool { return true }

// handle has changed called with what is kept of an object before and after each change, nil where it was or is not.
func (s *Source) handle(changed func(before, after *held)) error {
	_, err := s.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) {
			if after, ok := object.(*held); ok {
				changed(nil, after)
			}
		},
		UpdateFunc: func(old, object any) {
			before, ok := old.(*held)
			after, also := object.(*held)
			if ok && also && !s.same(before, after) {
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

// same reports whether nothing has changed of what is kept.
func (s *Source) same(before, after *held) bool {
	if s.whole || s.reading.Add == nil {
		return before.UID == after.UID && before.ResourceVersion == after.ResourceVersion
	}
	return before.UID == after.UID && reflect.DeepEqual(before.part, after.part)
}

// keep is what is kept of an object: that it cannot be understood is, too.
func (s *Source) keep(object any) (any, error) {
	if h, ok := object.(*held); ok {
		return h, nil // it was asked before
	}
	o, ok := object.(runtime.Object)
	if !ok {
		return object, nil // a tombstone of what is kept
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.reading.GVR().Resource, err)
	}
	h := &held{part: &snapshot.Snapshot{}, ObjectMeta: metav1.ObjectMeta{
		Namespace: accessor.GetNamespace(), Name: accessor.GetName(), UID: accessor.GetUID(),
		ResourceVersion: accessor.GetResourceVersion(), Labels: accessor.GetLabels(),
	}}
	if s.reading.Add != nil {
		h.err = s.reading.Add(h.part, o)
		read.Bare(h.part)
	}
	if s.whole {
		h.object = o
	}
	return h, nil
}

// fill adds to into what is kept of the source.
func (s *Source) fill(into *snapshot.Snapshot) error {
	var errs []error
	for _, object := range s.informer.GetStore().List() {
		if h, ok := object.(*held); ok {
			read.Merge(into, h.part)
			errs = append(errs, h.err)
		}
	}
	return errors.Join(errs...)
}

// read lists the source from the server, with what cannot be understood apart.
func (s *Source) read(ctx context.Context) (part *snapshot.Snapshot, unreadable, err error) {
	careful, bad := read.Tolerant(s.reading)
	part, err = read.Fill(ctx, s.client, careful, s.namespace)
	return part, bad(), s.explained("list", err)
}

func (s *Source) list(ctx context.Context, o metav1.ListOptions) (list runtime.Object, err error) {
	if s.fresh && o.ResourceVersion == "0" {
		o.ResourceVersion = ""
	}
	err = s.persist(ctx, "list", func() (err error) {
		list, err = s.client.Page(ctx, s.reading, s.namespace, o)
		return err
	})
	return list, err
}

func (s *Source) watch(ctx context.Context, o metav1.ListOptions) (events watch.Interface, err error) {
	err = s.persist(ctx, "watch", func() (err error) {
		events, err = s.client.Watch(ctx, s.reading, s.namespace, o)
		return err
	})
	return events, err
}

// persist sends until the server answers: the reflector's own pauses grow to half a minute. What went wrong is noted.
func (s *Source) persist(ctx context.Context, verb string, send func() error) error {
	for {
		err := s.client.Retry(ctx, send)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A version that is too old is no trouble: the reflector lists again.
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			return err
		}
		s.note(verb, s.explained(verb, err))
		if s.refused != nil && cluster.Refused(err) {
			s.refused(s.explained(verb, err))
		}
		if err == nil || !s.client.Transient(err) {
			return err
		}
	}
}

func (s *Source) explained(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s cannot be read: %w", s.reading.GVR().GroupResource(), cluster.Explain(err, verb, s.reading.GVR(), s.namespace))
}

// note keeps why verb failed; nil: it did not.
func (s *Source) note(verb string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs[verb] = err
}

func (s *Source) trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cmp.Or(s.errs["list"], s.errs["watch"])
}
