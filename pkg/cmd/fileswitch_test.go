package cmd

import (
	"cmp"
	"context"
	"os"
	"sync/atomic"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/audit"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/test/fake/fileswitch"
)

// switchRow is the row of a third platform, as a new adapter brings it. open counts the adapters that were not closed.
func switchRow(open *atomic.Int32) platformRow {
	return platformRow{
		Platform:   fileswitch.Platform(),
		service:    "its file",
		configured: func() bool { return os.Getenv("SWITCH_FILE") != "" },
		preflight:  func() platformPreflight { return &switchPreflight{switchLogin{open: open}} },
		sync:       func() platformSync { return &switchSync{switchLogin{open: open}} },
		choices:    map[string]cobra.CompletionFunc{"switch-file": completePaths(cobra.ShellCompDirectiveFilterFileExt, "json")},
	}
}

// switchLogin says which switch.
type switchLogin struct {
	file string
	open *atomic.Int32
}

func (l *switchLogin) add(flags *pflag.FlagSet) {
	flags.StringVar(&l.file, "switch-file", "", "The file of the switch [SWITCH_FILE]")
}

func (l *switchLogin) connect() countedSwitch {
	l.open.Add(1)
	return countedSwitch{fileswitch.Switch{File: cmp.Or(l.file, os.Getenv("SWITCH_FILE"))}, l.open}
}

type countedSwitch struct {
	fileswitch.Switch
	open *atomic.Int32
}

func (c countedSwitch) Close(ctx context.Context) error {
	c.open.Add(-1)
	return c.Switch.Close(ctx)
}

type switchPreflight struct{ switchLogin }

func (p *switchPreflight) command(string) *cobra.Command {
	cmd := &cobra.Command{Short: "Check, and with --fix set, the MACs that the file switch allows"}
	p.add(cmd.Flags())
	return cmd
}

func (p *switchPreflight) prepare(context.Context, *platformOptions) (*preparation, error) {
	return &preparation{connect: func(context.Context, *look) (platform.Adapter, error) { return p.connect(), nil }}, nil
}

type switchSync struct{ switchLogin }

func (*switchSync) words(name string) syncWords {
	return syncWords{does: "audit the file switch", about: "On the file switch it audits.", example: "  # Audit\n  " + name + " sync fileswitch"}
}

func (s *switchSync) validate() error { return nil }

func (s *switchSync) complete(_ context.Context, f *factory, _ bool, o *controller.Options) error {
	f.audits(o, fileswitch.Platform(), nil, func(context.Context) (audit.Auditor, error) { return s.connect(), nil })
	return nil
}
