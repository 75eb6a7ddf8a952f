// Command docs writes the pages that are made from the commands and the codes into the folder given.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-egress/kubectl-egress/pkg/cmd"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: docs FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "commands.md"), []byte(commands()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "findings.md"), []byte(findingIndex()), 0o644)
}

// commands is a page of every command's help.
func commands() string {
	var b strings.Builder
	b.WriteString("# Commands\n\nWritten by `make docs` from the commands' own help.\n")
	root := cmd.NewRootCommand(genericiooptions.NewTestIOStreamsDiscard(), "kubectl egress", "")
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			command(&b, c)
		}
	}
	fmt.Fprintf(&b, "\n## Flags of every command\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	return b.String()
}

func command(b *strings.Builder, c *cobra.Command) {
	about := c.Long
	if about == "" {
		about = c.Short + "."
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n```\n%s\n```\n", c.CommandPath(), about, c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(b, "\n```shell\n%s\n```\n", dedent(c.Example))
	}
	if flags := c.LocalFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(b, "\n```\n%s```\n", flags)
	}
}

func dedent(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "  "), "\n  ", "\n")
}
