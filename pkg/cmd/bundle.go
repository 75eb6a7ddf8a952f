package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

type bundleFlags struct {
	all  bool
	file string
}

func newBundleCommand(f *factory) *cobra.Command {
	b := &bundleFlags{}
	cmd := &cobra.Command{
		Use:   "bundle",
		Short: "Save what preflight and status see of the cluster, secrets left out",
		Long: `Saves what preflight and status see of the cluster as one JSON file, so that another can look at it with
--from, offline. Only what they need is in it: no Secrets, no tokens, no commands and environment of
containers, and no annotations of others. Names, addresses and labels are.`,
		Example: `  # Everything that may be read
  ` + f.name + ` bundle -A --file cluster.json
  ` + f.name + ` preflight --from cluster.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("bundle takes no arguments: name the file with --file %s", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return b.run(cmd.Context(), f) },
	}
	addAllNamespaces(cmd, &b.all)
	cmd.Flags().StringVar(&b.file, "file", "-", "The new `FILE` to write; - for standard output")
	return cmd
}

func (b *bundleFlags) run(ctx context.Context, f *factory) error {
	l, err := (&lookFlags{all: b.all}).read(ctx, f, nil)
	if err != nil {
		return err
	}
	if err := l.ask(ctx, egress.Auto); err != nil {
		return err
	}
	for _, u := range l.Unknown {
		f.note("%s cannot be read, and will be unknown in the file too: %s", u, u.Reason)
	}
	if b.file == "-" {
		return l.Write(f.Out)
	}
	file, err := newFile("--file", b.file, "it is there already: name another")
	if err != nil {
		return invalid(err)
	}
	if err := errors.Join(l.Write(file), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", b.file, err)
	}
	f.note("%d routers, %d pods and %d nodes are in %s", len(l.Routers), len(l.Pods), len(l.Nodes), b.file)
	return nil
}
