package main

import (
	"context"
	"fmt"
	"os"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// crowd compares looking at a cluster full of routers with what people do in its place: reading the same
// objects with kubectl.
func (b *bench) crowd(ctx context.Context, routers, pairs int) error {
	const nodes, pods = 200, 3
	fmt.Fprintf(os.Stderr, "bench: making %d routers with %d pods each, and %d nodes\n", routers, pods, nodes)
	c, err := kube.NewClient(b.cluster.Config)
	if err != nil {
		return err
	}
	if err := lab.Fill(ctx, c, lab.Crowd{Routers: routers, Pods: pods, Nodes: nodes}); err != nil {
		return err
	}
	theirs := []string{"get", "egressrouters,network-attachment-definitions,deployments,pods,services", "-A", "-o", "json"}
	for _, ours := range [][]string{{"preflight", "-A", "--fail-on=never"}, {"bundle", "-A"}, {"get", "-A"}} {
		var s series
		for range pairs {
			if err := s.pair(ctx, b, ours, theirs, nil); err != nil {
				return err
			}
		}
		fmt.Println(s.String(fmt.Sprintf("%s, %d routers", ours[0], routers)))
	}
	return nil
}
