package read

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// lookups is how many namespaces are read side by side where the whole cluster may not be.
const lookups = 8

// Neighbours reads the routers of both provisioners, as they were given, in the whole cluster, or where they may not be
// listed there in the namespaces. What may not be read is noted in the Snapshot as unknown. unreadable is why some of
// them cannot be understood: what another has made of a router in another namespace must keep nobody from his own.
func Neighbours(ctx context.Context, c *cluster.Client, namespaces []string) (s *snapshot.Snapshot, unreadable, err error) {
	lists := givenRouters()
	parts := make([]*snapshot.Snapshot, len(lists))
	bad := make([]error, len(lists))
	group, within := errgroup.WithContext(ctx)
	for i, r := range lists {
		group.Go(func() (err error) {
			parts[i], bad[i], err = neighbours(within, c, r, namespaces, true)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	s = &snapshot.Snapshot{}
	for _, part := range parts {
		Merge(s, part)
	}
	return s, errors.Join(bad...), sortUnknown(ctx, c, s)
}

// OperatorRouters reads the EgressRouters of a namespace, or of the whole cluster where there are several, as
// Neighbours does.
func OperatorRouters(ctx context.Context, c *cluster.Client, namespaces []string) (s *snapshot.Snapshot, unreadable, err error) {
	return neighbours(ctx, c, givenRouters()[0], namespaces, len(namespaces) > 1)
}

// neighbours reads r in the whole cluster, if wide is set and that is allowed, else in each of the namespaces.
func neighbours(ctx context.Context, c *cluster.Client, r cluster.Reading, namespaces []string, wide bool) (s *snapshot.Snapshot, unreadable, err error) {
	var lock sync.Mutex
	var bad []error
	add := r.Add
	r.Add = func(into *snapshot.Snapshot, object runtime.Object) error {
		if err := add(into, object); err != nil {
			lock.Lock()
			defer lock.Unlock()
			bad = append(bad, err)
		}
		return nil
	}
	s, err = One(ctx, c, r, Options{Namespace: namespaces[0], Wide: wide})
	if err != nil || len(s.Unknown) == 0 {
		return s, errors.Join(bad...), err
	}
	parts := make([]*snapshot.Snapshot, len(namespaces))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i, namespace := range namespaces[1:] {
		group.Go(func() (err error) {
			parts[i], err = One(within, c, r, Options{Namespace: namespace})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for _, part := range slices.DeleteFunc(parts, func(part *snapshot.Snapshot) bool { return part == nil }) {
		Merge(s, part)
	}
	return s, errors.Join(bad...), nil
}
