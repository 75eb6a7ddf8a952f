package neutron

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"golang.org/x/sync/errgroup"
)

// undo holds how to take back what was made, in the order in which it was made.
type undo struct{ steps []undoStep }

type undoStep struct {
	what string
	do   func(context.Context) error
}

func (u *undo) add(what string, do func(context.Context) error) {
	u.steps = append(u.steps, undoStep{what, do})
}

// run takes all of it back, last first. One failure does not stop the rest.
func (u *undo) run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var errs []error
	for i := len(u.steps) - 1; i >= 0; i-- {
		if err := u.steps[i].do(ctx); err != nil {
			errs = append(errs, fmt.Errorf("deleting %s: %w", u.steps[i].what, err))
		}
	}
	u.steps = nil
	return errors.Join(errs...)
}

// deleteNetwork deletes a network of ours with all ports on it, a test's own among them. Its subnet goes
// with it, and so do the ports that a cloud itself put there.
func deleteNetwork(ctx context.Context, client *gophercloud.ServiceClient, id string) error {
	pages, err := ports.List(client, ports.ListOpts{NetworkID: id}).AllPages(ctx)
	if err != nil {
		return fmt.Errorf("listing its ports: %w", err)
	}
	all, err := ports.ExtractPorts(pages)
	if err != nil {
		return fmt.Errorf("listing its ports: %w", err)
	}
	group, portCtx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, port := range all {
		if strings.HasPrefix(port.DeviceOwner, "network:") {
			continue
		}
		group.Go(func() error {
			err := ports.Delete(portCtx, client, port.ID).ExtractErr()
			if err != nil && !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
				return fmt.Errorf("deleting its port %s: %w", port.ID, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return networks.Delete(ctx, client, id).ExtractErr()
}
