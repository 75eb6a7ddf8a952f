package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

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
	lists := readings(o)
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
	s := &snapshot.Snapshot{Taken: time.Now().UTC().Truncate(time.Second)}
	if !o.Wide {
		s.Namespace = o.Namespace
	}
	for _, part := range parts {
		merge(s, part)
	}
	if err := c.sortUnknown(ctx, s); err != nil {
		return nil, err
	}
	if o.Checks {
		if err := c.readEvents(ctx, s, o); err != nil {
			return nil, err
		}
		trim(s, o.Namespace)
	}
	s.Sort()
	// One that bears the labels of both provisioners was listed twice.
	s.Pods = slices.CompactFunc(s.Pods, func(a, b snapshot.Pod) bool { return a.UID == b.UID })
	return s, nil
}

// readOne reads r in all namespaces, or where that is forbidden in the one asked for.
func (c *Client) readOne(ctx context.Context, r reading, o ReadOptions) (*snapshot.Snapshot, error) {
	namespace := o.Namespace
	if o.Wide || r.cluster {
		namespace = ""
	}
	if r.own && !o.Wide && o.Namespace != "" {
		r = r.only(o.Namespace)
	}
	part, err := c.fillFrom(ctx, r, namespace)
	if !apierrors.IsForbidden(err) {
		return readable(part, err, r, namespace)
	}
	unknown := snapshot.Unknown{Resource: r.gvr.Resource, Group: r.gvr.Group, Namespace: namespace, Reason: err.Error()}
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

// readable is what a list found. A resource that is not served has nothing in it, and an object that is not
// there neither.
func readable(part *snapshot.Snapshot, err error, r reading, namespace string) (*snapshot.Snapshot, error) {
	switch {
	case notServed(err):
		return &snapshot.Snapshot{NotServed: []string{r.gvr.Resource}}, nil
	case isNotFound(err) && r.name != "":
		return &snapshot.Snapshot{}, nil
	case err != nil:
		return nil, explain(err, r.verb(), r.gvr, namespace)
	}
	return part, nil
}

// fillFrom reads r in a namespace, or with "" in all, page by page, so that no page is kept. A list that
// takes longer than the server remembers its pages is read again, at once.
func (c *Client) fillFrom(ctx context.Context, r reading, namespace string) (*snapshot.Snapshot, error) {
	part, err := c.fillPaged(ctx, r, namespace, pageSize)
	if apierrors.IsResourceExpired(err) {
		return c.fillPaged(ctx, r, namespace, 0)
	}
	return part, err
}

func (c *Client) fillPaged(ctx context.Context, r reading, namespace string, limit int64) (*snapshot.Snapshot, error) {
	part := &snapshot.Snapshot{}
	options := metav1.ListOptions{LabelSelector: r.labels, FieldSelector: r.fields, Limit: limit}
	for {
		var page runtime.Object
		err := c.retry(ctx, func() (err error) {
			page, err = r.page(ctx, c, namespace, options)
			return err
		})
		if err != nil {
			return nil, err
		}
		if r.name != "" {
			return part, r.add(part, page)
		}
		if err := meta.EachListItem(page, func(object runtime.Object) error { return r.add(part, object) }); err != nil {
			return nil, err
		}
		list, err := meta.ListAccessor(page)
		if err != nil {
			return nil, fmt.Errorf("reading a list of %s: %w", r.gvr.Resource, err)
		}
		if options.Continue = list.GetContinue(); options.Continue == "" {
			return part, nil
		}
	}
}

// sortUnknown tells what is not served from what may not be read: a user without rights is told "forbidden" of
// both. One request, and only where something is unknown that a cluster may lack.
func (c *Client) sortUnknown(ctx context.Context, s *snapshot.Snapshot) error {
	lacking := func(u snapshot.Unknown) bool { return optional(u.Group) }
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
