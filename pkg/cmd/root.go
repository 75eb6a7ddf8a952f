// Package cmd holds the verbs, one file each: Flags (what the user typed) become Options (what Run needs).
// It speaks to people and decides nothing.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Main runs the command that args are, args[0] being the name it was called by, and gives its exit code.
func Main(ctx context.Context, streams genericiooptions.IOStreams, args []string, version string) int {
	f := newFactory(streams, commandName(args[0]), version)
	f.arg0 = args[0]
	return f.run(ctx, shimArgs(args[0], args[1:]))
}

// run runs the command with args, and gives its exit code.
func (f *factory) run(ctx context.Context, args []string) int {
	root := newRootCommand(f)
	root.SetArgs(args)
	root.SetIn(f.In)
	root.SetOut(f.Out)
	root.SetErr(f.ErrOut)
	err := root.ExecuteContext(ctx)
	if !f.started {
		err = invalid(err)
	}
	return f.finish(ctx, err)
}

// NewRootCommand makes the command under the name that its help shows, such as "kubectl egress".
func NewRootCommand(streams genericiooptions.IOStreams, name, version string) *cobra.Command {
	return newRootCommand(newFactory(streams, name, version))
}

// commandName is the command as the user typed it: kubectl and oc run a plugin under its file's name.
func commandName(arg0 string) string {
	name := strings.TrimSuffix(filepath.Base(arg0), ".exe")
	if strings.HasPrefix(name, "oc-") || strings.HasPrefix(name, "oc_") {
		return "oc egress"
	}
	return "kubectl egress"
}

// usageTemplate is cobra's, with the global flags left to "options", as kubectl has it.
const usageTemplate = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if and .HasParent .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}

Use "{{.Root.DisplayName}} options" for the flags that every command takes.{{if .HasAvailableSubCommands}}
Use "{{.CommandPath}} COMMAND --help" for more about a command.{{end}}
`

func newRootCommand(f *factory) *cobra.Command {
	root := &cobra.Command{
		Use:   f.fileName(),
		Short: "Give a workload a reserved source IP through an egress router",
		Long: `Gives a workload a reserved source IP through an egress router, and makes sure that the traffic
really gets out.

An egress router is a pod that owns an address which a partner's firewall allows. Clients in the
cluster send to its Service; it redirects each port to a named destination, from that address.`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: f.name},
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := filled(cmd); err != nil {
				return err
			}
			return f.start()
		},
	}
	root.SetUsageTemplate(usageTemplate)
	root.SetFlagErrorFunc(flagError)
	f.addGlobalFlags(root.PersistentFlags())
	root.AddCommand(
		newCreateCommand(f),
		newExposeCommand(f),
		newGetCommand(f),
		newDeleteCommand(f),
		newLintCommand(f),
		newExplainCommand(f),
		newPreflightCommand(f),
		newSyncCommand(f),
		newGrantCommand(f),
		newStatusCommand(f),
		newBundleCommand(f),
		newVersionCommand(f),
		newCompletionCommand(f),
		newOptionsCommand(f),
	)
	f.addCompletions(root)
	return root
}

// flagError says where to read on about a flag that was typed wrong, and how its value is written.
func flagError(cmd *cobra.Command, err error) error {
	if value, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if form := map[string]string{
			"duration": "a number and a unit, such as 90s or 5m", "int": "a whole number, such as 8", "bool": "true or false",
		}[value.GetFlag().Value.Type()]; form != "" {
			err = fmt.Errorf("--%s %q: write %s", value.GetFlag().Name, value.GetValue(), form)
		}
	}
	return fmt.Errorf("%w: see \"%s --help\"", err, cmd.CommandPath())
}
