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

func (p *platformFlags) run(ctx context.Context, f *factory, on platformRow, own platformPreflight, args []string) (err error) {
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
	need, err := o.attachments(l, ready)
	if err != nil {
		return err
	}
	adapter, err := ready.connect(ctx, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.closing(ctx, adapter)) }()
	return (&onPlatform{platformOptions: o, look: l, need: need, adapter: adapter}).run(ctx)
}

// closing logs out, also where the run was interrupted.
func (o *platformOptions) closing(ctx context.Context, adapter platform.Adapter) error {
	if err := adapter.Close(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("logging out of %s: %w", o.on.service, err)
	}
	return nil
}
