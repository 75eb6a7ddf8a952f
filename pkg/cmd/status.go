package cmd

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/mirror"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

type statusFlags struct {
	lookFlags
	checkFlags
	output string
	watch  bool
}

func newStatusCommand(f *factory) *cobra.Command {
	s := &statusFlags{checkFlags: checkFlags{provisioner: string(egress.Auto)}}
	cmd := &cobra.Command{
		Use:   "status [NAME...]",
		Short: "Show the whole chain behind egress routers, and what is wrong with it",
		Long: `Shows each router as a tree: NetworkAttachmentDefinition (NAD), Deployment, pod with node, eth0 and
net1, Services and where each of their ports goes, who may use it, and what the checks find, where it
belongs, with the fix of each error and warning. Routers that do well are folded where there are several.
It ends with 0 whatever it finds: preflight is for scripts.`,
		Example: `  # One router
  ` + f.name + ` status partner-a

  # All, and again whenever something changes
  ` + f.name + ` status -A -w`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd.Context(), f, args) },
	}
	cmd.ValidArgsFunction = f.completeRouters(anyNumber)
	s.lookFlags.add(cmd)
	s.checkFlags.add(cmd)
	cmd.Flags().StringVarP(&s.output, "output", "o", "", "json or yaml; a tree without it")
	cmd.Flags().BoolVarP(&s.watch, "watch", "w", false, "Show it again whenever something has changed, until interrupted")
	return cmd
}

func (s *statusFlags) run(ctx context.Context, f *factory, names []string) error {
	if err := checkData(s.output); err != nil {
		return invalid(err)
	}
	if s.watch && s.from != "" {
		return invalid(errors.New("a file does not change: leave --watch out"))
	}
	var last []byte
	l, err := s.once(ctx, f, names, &last)
	if !s.watch || l == nil || l.client == nil || ctx.Err() != nil {
		return err
	}
	if err != nil {
		f.note("error: %v", err)
	}
	return mirror.Watch(ctx, l.client, l.namespace, func() error {
		if _, err := s.once(ctx, f, names, &last); err != nil && ctx.Err() == nil {
			// A server that is away for a moment comes back.
			f.note("error: %v", err)
		}
		return ctx.Err()
	})
}

// once shows what there is now, unless that is what last says.
func (s *statusFlags) once(ctx context.Context, f *factory, names []string, last *[]byte) (*look, error) {
	checks, err := s.checkFlags.options(f)
	if err != nil {
		return nil, invalid(err)
	}
	l, err := s.lookFlags.read(ctx, f, names)
	if l == nil || l.Snapshot == nil {
		return nil, err
	}
	if err != nil {
		return l, err
	}
	unread := unread(f, l.Snapshot)
	if len(l.routers()) == 0 && s.output == "" {
		f.noRouters(l.namespace)
		return l, unread
	}
	list := report.Status(l.Snapshot, l.routers(), l.judge(checks))
	var b bytes.Buffer
	if err := s.write(&b, list, colour(f.Out)); err != nil {
		return l, err
	}
	if bytes.Equal(*last, b.Bytes()) {
		return l, unread
	}
	*last = bytes.Clone(b.Bytes())
	_, err = b.WriteTo(f.Out)
	return l, errors.Join(err, unread)
}

func (s *statusFlags) write(b *bytes.Buffer, list report.StatusList, colour bool) error {
	if s.output == "" {
		return list.Tree(b, time.Now(), colour)
	}
	if s.output == "yaml" && s.watch {
		b.WriteString("---\n")
	}
	return encode(s.output, b, list)
}
