package cluster

import (
	"context"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// ReadPlatform fills a Snapshot with what tells on which platform the nodes stand, and no more: the Infrastructure where
// that is served, and the nodes. What may not be read is noted in it as unknown.
func (c *Client) ReadPlatform(ctx context.Context) (*snapshot.Snapshot, error) {
	lists := []reading{
		custom(openShift("infrastructures"), of(addInfrastructure)).ofCluster().named("cluster"),
		builtin(core("nodes"), &corev1.NodeList{}, of(addNode)).ofCluster(),
	}
	parts := make([]*snapshot.Snapshot, len(lists))
	group, within := errgroup.WithContext(ctx)
	for i, r := range lists {
		group.Go(func() (err error) {
			parts[i], err = c.readOne(within, r, ReadOptions{})
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
	if err := c.sortUnknown(ctx, s); err != nil {
		return nil, err
	}
	s.Sort()
	return s, nil
}
