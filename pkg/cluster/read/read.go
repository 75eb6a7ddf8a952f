// Package read fills a Snapshot with what the cluster holds.
package read

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Options say how much of the cluster to read.
type Options struct {
	// Namespace is read, or all with "".
	Namespace string
	// Wide reads all namespaces all the same, where the user may; what is reported is the caller's.
	Wide bool
	// Checks reads all that the checks, status and bundle see. Without it there are routers, pods and
	// Services, and the routers keep the labels and annotations that they were given.
	Checks bool
}

// Snapshot fills a Snapshot, each resource by one paged list, side by side. What the user may not read is
// noted in it as unknown, and what the cluster does not have as not served.
func Snapshot(ctx context.Context, c *cluster.Client, o Options) (*snapshot.Snapshot, error) {
	s, err := readAll(ctx, c, readings(o), o)
	if err != nil {
		return nil, err
	}
	s.Taken = time.Now().UTC().Truncate(time.Second)
	if !o.Wide {
		s.Namespace = o.Namespace
	}
	if o.Checks {
		Bare(s)
		if err := Events(ctx, c, s, o); err != nil {
			return nil, err
		}
		trim(s, o.Namespace)
	} else {
		s.Deployments = nil
	}
	s.Sort()
	// One that has the labels of both provisioners was listed twice.
	s.Pods = slices.CompactFunc(s.Pods, func(a, b snapshot.Pod) bool { return a.UID == b.UID })
	return s, nil
}

// readAll reads lists side by side into one Snapshot.
func readAll(ctx context.Context, c *cluster.Client, lists []cluster.Reading, o Options) (*snapshot.Snapshot, error) {
	for i, r := range lists {
		if r.Kind == cluster.EgressRouters || r.Kind == cluster.Deployments {
			lists[i] = Noting(r)
		}
	}
	s, err := SideBySide(ctx, len(lists), len(lists), func(ctx context.Context, i int) (*snapshot.Snapshot, error) { return One(ctx, c, lists[i], o) })
	if err != nil {
		return nil, err
	}
	return s, sortUnknown(ctx, c, s)
}

// SideBySide reads n parts of a Snapshot, up to limit of them at a time, and merges them in their order.
func SideBySide(ctx context.Context, n, limit int, read func(ctx context.Context, i int) (*snapshot.Snapshot, error)) (*snapshot.Snapshot, error) {
	parts := make([]*snapshot.Snapshot, n)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	for i := range parts {
		group.Go(func() (err error) {
			parts[i], err = read(within, i)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s := &snapshot.Snapshot{}
	for _, part := range parts {
		Merge(s, part)
	}
	return s, nil
}

// One reads r in all namespaces, or where that is forbidden in the one asked for.
func One(ctx context.Context, c *cluster.Client, r cluster.Reading, o Options) (*snapshot.Snapshot, error) {
	namespace := o.Namespace
	if o.Wide || r.ClusterWide() {
		namespace = ""
	}
	if r.Kind == cluster.Namespaces && !o.Wide && o.Namespace != "" {
		r = r.Only(o.Namespace)
	}
	part, err := Fill(ctx, c, r, namespace)
	if !apierrors.IsForbidden(err) {
		return readable(part, err, r, namespace)
	}
	unknown := snapshot.Unknown{Resource: r.GVR().Resource, Group: r.GVR().Group, Namespace: namespace, Reason: err.Error()}
	if narrow, ok := narrower(r, namespace, o); ok {
		part, err := Fill(ctx, c, narrow, o.Namespace)
		if !apierrors.IsForbidden(err) {
			unknown.Partial = true
			if part, err = readable(part, err, narrow, o.Namespace); err != nil {
				return nil, err
			}
			part.Unknown = append(part.Unknown, unknown)
			return part, nil
		}
		unknown.Namespace, unknown.Reason = o.Namespace, err.Error()
	}
	return &snapshot.Snapshot{Unknown: []snapshot.Unknown{unknown}}, nil
}

// narrower is r where it was forbidden in the whole cluster, for the namespace asked for. The namespaces themselves are
// narrower by one's own name: with rights in one alone, that one can be read.
func narrower(r cluster.Reading, namespace string, o Options) (cluster.Reading, bool) {
	switch {
	case namespace != "" || o.Namespace == "" || r.Object != "":
		return r, false
	case r.Kind == cluster.Namespaces:
		return r.Only(o.Namespace), true
	default:
		return r, !r.ClusterWide()
	}
}

// readable is what a list found. A resource that is not served has nothing in it, and an object that is not
// there neither.
func readable(part *snapshot.Snapshot, err error, r cluster.Reading, namespace string) (*snapshot.Snapshot, error) {
	switch {
	case cluster.NotServed(err):
		return &snapshot.Snapshot{NotServed: []string{r.GVR().Resource}}, nil
	case apierrors.IsNotFound(err) && r.Object != "":
		return &snapshot.Snapshot{}, nil
	case err != nil:
		return nil, r.Explain(err, namespace)
	}
	return part, nil
}

// Fill reads r in a namespace, or with "" in all.
func Fill(ctx context.Context, c *cluster.Client, r cluster.Reading, namespace string) (*snapshot.Snapshot, error) {
	return cluster.Collect(ctx, c, r, namespace, r.Add)
}

// sortUnknown tells what is not served from what may not be read: a user without rights is told "forbidden" of
// both. One request, and only where something is unknown that a cluster may lack.
func sortUnknown(ctx context.Context, c *cluster.Client, s *snapshot.Snapshot) error {
	lacking := func(u snapshot.Unknown) bool { return cluster.MayLack(u.Group) }
	if !slices.ContainsFunc(s.Unknown, lacking) {
		return nil
	}
	served, err := c.Groups(ctx)
	if served == nil || err != nil {
		return err
	}
	absent := func(u snapshot.Unknown) bool { return lacking(u) && !served[u.Group] }
	s.NotServed = append(s.NotServed, collect.Map(collect.Filter(s.Unknown, absent), func(u snapshot.Unknown) string { return u.Resource })...)
	s.Unknown = slices.DeleteFunc(s.Unknown, absent)
	return nil
}

// Namespace reads what the checks need of a namespace; it is nil where there is none of that name, or where it
// may not be read.
func Namespace(ctx context.Context, c *cluster.Client, name string) (*snapshot.Namespace, error) {
	r := Of(cluster.Namespaces).Only(name)
	s, err := Fill(ctx, c, r, "")
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) && !cluster.NotServed(err) {
		return nil, nil
	}
	if err != nil {
		return nil, r.Explain(err, "")
	}
	return &s.Namespaces[0], nil
}

// Platform fills a Snapshot with what tells on which platform the nodes stand, and no more: the Infrastructure where
// that is served, and the nodes. What may not be read is noted in it as unknown.
func Platform(ctx context.Context, c *cluster.Client) (*snapshot.Snapshot, error) {
	s, err := readAll(ctx, c, []cluster.Reading{
		Of(cluster.Infrastructures),
		Of(cluster.Nodes),
	}, Options{})
	if err != nil {
		return nil, err
	}
	s.Sort()
	return s, nil
}
