package read

import (
	"context"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

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
