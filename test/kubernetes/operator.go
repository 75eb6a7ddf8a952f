//go:build linux

package kubernetes

import (
	"context"
	"fmt"

	"github.com/kubectl-egress/kubectl-egress/test/cno"
)

// startOperator starts the network operator's stand-in, where EgressRouters are served.
func (c *Cluster) startOperator(ctx context.Context) error {
	if !c.options.OpenShift {
		return nil
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- cno.Run(running, c.Config, cno.Options{Release: cno.Release{Image: ToolsImage}}) }()
	c.operating = func() error {
		cancel()
		// It ends by cancel, and that is no error.
		if err := <-ended; err != nil && running.Err() == nil {
			return fmt.Errorf("the network operator's stand-in ended: %w", err)
		}
		return nil
	}
	return nil
}
