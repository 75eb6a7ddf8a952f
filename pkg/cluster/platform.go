package cluster

import (
	"context"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// ReadPlatform fills a Snapshot with what tells on which platform the nodes stand, and no more: the Infrastructure where
// that is served, and the nodes. What may not be read is noted in it as unknown.
func (c *Client) ReadPlatform(ctx context.Context) (*snapshot.Snapshot, error) {
	s, err := c.readAll(ctx, []reading{
		reads(Infrastructures, addInfrastructure).only("cluster"),
		reads(Nodes, addNode),
	}, ReadOptions{})
	if err != nil {
		return nil, err
	}
	s.Sort()
	return s, nil
}
