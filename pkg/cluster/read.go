package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// ReadOptions say how much of the cluster to read.
type ReadOptions struct {
	// Namespace is read, or all with "".
	Namespace string
	// Wide reads all namespaces all the same, where the user may; what is reported is the caller's.
	Wide bool
	// Nodes reads the nodes too.
	Nodes bool
	// Checks reads all that the checks, status and bundle see. Without it there are routers, pods and
	// Services, and the routers keep the labels and annotations that they were given.
	Checks bool
}

// Read fills a Snapshot, each resource by one paged list, side by side. What the user may not read is
// noted in it as unknown, and what the cluster does not have as not served.
func (c *Client) Read(ctx context.Context, o ReadOptions) (*snapshot.Snapshot, error) {
	s, err := c.readAll(ctx, readings(o), o)
	if err != nil {
		return nil, err
	}
	s.Taken = time.Now().UTC().Truncate(time.Second)
	if !o.Wide {
		s.Namespace = o.Namespace
	}
	if o.Checks {
		bareRouters(s)
		if err := c.readEvents(ctx, s, o); err != nil {
			return nil, err
		}
		trim(s, o.Namespace)
	} else {
		s.Deployments = nil
	}
	s.Sort()
	// One that bears the labels of both provisioners was listed twice.
	s.Pods = slices.CompactFunc(s.Pods, func(a, b snapshot.Pod) bool { return a.UID == b.UID })
	return s, nil
}

// readAll reads lists side by side into one Snapshot.
func (c *Client) readAll(ctx context.Context, lists []reading, o ReadOptions) (*snapshot.Snapshot, error) {
	parts := make([]*snapshot.Snapshot, len(lists))
	group, within := errgroup.WithContext(ctx)
	for i, r := range lists {
		group.Go(func() (err error) {
			parts[i], err = c.readOne(within, r, o)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s := &snapshot.Snapshot{}
	for _, part := range parts {
		merge(s, part)
	}
	return s, c.sortUnknown(ctx, s)
}

// readOne reads r in all namespaces, or where that is forbidden in the one asked for.
func (c *Client) readOne(ctx context.Context, r reading, o ReadOptions) (*snapshot.Snapshot, error) {
	namespace := o.Namespace
	if o.Wide || r.row().scope == clusterWide {
		namespace = ""
	}
	if r.Kind == Namespaces && !o.Wide && o.Namespace != "" {
		r = r.only(o.Namespace)
	}
	part, err := c.fillFrom(ctx, r, namespace)
	if !apierrors.IsForbidden(err) {
		return readable(part, err, r, namespace)
	}
	unknown := snapshot.Unknown{Resource: r.row().resource, Group: r.row().group, Namespace: namespace, Reason: err.Error()}
	if narrow, ok := r.narrower(namespace, o); ok {
		part, err := c.fillFrom(ctx, narrow, o.Namespace)
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
func (r reading) narrower(namespace string, o ReadOptions) (reading, bool) {
	switch {
	case namespace != "" || o.Namespace == "" || r.object != "":
		return r, false
	case r.Kind == Namespaces:
		return r.only(o.Namespace), true
	default:
		return r, r.row().scope == namespaced
	}
}

// readable is what a list found. A resource that is not served has nothing in it, and an object that is not
// there neither.
func readable(part *snapshot.Snapshot, err error, r reading, namespace string) (*snapshot.Snapshot, error) {
	switch {
	case notServed(err):
		return &snapshot.Snapshot{NotServed: []string{r.row().resource}}, nil
	case isNotFound(err) && r.object != "":
		return &snapshot.Snapshot{}, nil
	case err != nil:
		return nil, r.explain(err, namespace)
	}
	return part, nil
}

// fillFrom reads r in a namespace, or with "" in all.
func (c *Client) fillFrom(ctx context.Context, r reading, namespace string) (*snapshot.Snapshot, error) {
	return collect(ctx, c, r, namespace, r.add)
}

// sortUnknown tells what is not served from what may not be read: a user without rights is told "forbidden" of
// both. One request, and only where something is unknown that a cluster may lack.
func (c *Client) sortUnknown(ctx context.Context, s *snapshot.Snapshot) error {
	lacking := func(u snapshot.Unknown) bool { return mayLack(u.Group) }
	if !slices.ContainsFunc(s.Unknown, lacking) {
		return nil
	}
	var groups metav1.APIGroupList
	err := c.retry(ctx, func() error { return c.discovery.RESTClient().Get().AbsPath("/apis").Do(ctx).Into(&groups) })
	switch {
	case apierrors.IsForbidden(err):
		return nil
	case err != nil:
		return fmt.Errorf("asking which APIs the cluster serves: %w", err)
	}
	served := map[string]bool{}
	for _, group := range groups.Groups {
		served[group.Name] = true
	}
	unknown := s.Unknown
	s.Unknown = nil
	for _, u := range unknown {
		if lacking(u) && !served[u.Group] {
			s.NotServed = append(s.NotServed, u.Resource)
			continue
		}
		s.Unknown = append(s.Unknown, u)
	}
	return nil
}
