package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// newPlatformCommand makes "preflight NAME" of one platform.
func newPlatformCommand(f *factory, on platformRow) *cobra.Command {
	own := on.preflight()
	p := &platformFlags{preflightFlags: newPreflightFlags()}
	cmd := own.command(f.name)
	cmd.Use = on.Name + " [NAME...]"
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), f, on, own, args) }
	cmd.ValidArgsFunction = f.completeRouters(anyNumber)
	p.add(cmd, on.service)
	return cmd
}

func (p *platformFlags) run(ctx context.Context, f *factory, on platformRow, own platformPreflight, args []string) error {
	o, err := p.complete(f, on, args)
	if err != nil {
		return invalid(err)
	}
	ready, err := own.prepare(ctx, o)
	if err != nil {
		return err
	}
	if o.revert != "" {
		return o.putBack(ctx, ready)
	}
	l, err := o.lookFlags.read(ctx, f, args)
	if err != nil {
		return err
	}
	return o.visit(ctx, ready, l, func(o *onPlatform) error { return o.run(ctx) })
}

// visit has do work on the platform for what l shows.
func (o *platformOptions) visit(ctx context.Context, ready *preparation, l *look, do func(*onPlatform) error) error {
	need, err := o.attachments(l, ready)
	if err != nil {
		return err
	}
	return o.connected(ctx, ready, l, func(adapter platform.Adapter) error {
		return do(&onPlatform{platformOptions: o, look: l, need: need, adapter: adapter})
	})
}

// connected has do work with the adapter, and logs out after it, also where it was interrupted.
func (o *platformOptions) connected(ctx context.Context, ready *preparation, l *look, do func(platform.Adapter) error) (err error) {
	adapter, err := ready.connect(ctx, l)
	if err != nil {
		return err
	}
	defer func() {
		if closed := adapter.Close(context.WithoutCancel(ctx)); closed != nil {
			err = errors.Join(err, fmt.Errorf("logging out of %s: %w", o.on.service, closed))
		}
	}()
	return do(adapter)
}
