package cmd

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func newVersionCommand(f *factory) *cobra.Command {
	var client bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version of this command",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return invalid(fmt.Errorf("version takes no argument (got %q)", args[0]))
			}
			_, err := fmt.Fprintf(f.Out, "Client Version: %s\nGo Version: %s\nPlatform: %s/%s\n", f.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	cmd.Flags().BoolVar(&client, "client", true, "Show the client's version only; the cluster is not asked")
	return cmd
}

func newOptionsCommand(f *factory) *cobra.Command {
	return &cobra.Command{
		Use:   "options",
		Short: "Show the flags that every command takes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(f.Out, "These flags can be given to every command:\n\n%s", cmd.Root().PersistentFlags().FlagUsages())
			return err
		},
	}
}
