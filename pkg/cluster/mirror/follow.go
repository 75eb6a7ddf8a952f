package mirror

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
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
func Objects(sources []*Source) [][]*unstructured.Unstructured {
	lists := make([][]*unstructured.Unstructured, len(sources))
	for i, s := range sources {
		for _, object := range s.informer.GetStore().List() {
			h, ok := object.(*held)
			if !ok {
				continue
			}
			if u, ok := h.object.(*unstructured.Unstructured); ok {
				lists[i] = append(lists[i], u)
			}
		}
	}
	return lists
}
