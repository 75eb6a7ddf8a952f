package cmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// completionFlags are what the user typed.
type completionFlags struct {
	install bool
	dir     string
}

func newCompletionCommand(f *factory) *cobra.Command {
	c := &completionFlags{}
	cmd := &cobra.Command{
		Use:   "completion (bash | zsh | fish | powershell | --install [--dir FOLDER])",
		Short: "Set up shell completion",
		Long: `Sets up shell completion of commands, flags, and the names of routers and namespaces.

After "` + f.name + `" it is ` + f.host() + ` that completes. It needs its own completion ("` + f.host() + ` completion --help"),
and finds this command's by a link of the name ` + f.host() + `_complete-egress in a folder of your PATH. With --install
that link is made, and those of the names oc-egress, kubectl_complete-egress and oc_complete-egress all,
beside this command or in the folder given. On Windows they are copies.

With a shell's name its script is printed, for those who type "` + f.fileName() + `" with a hyphen.`,
		Example: `  # For "` + f.name + ` ...": the links, once
  ` + f.name + ` completion --install

  # For "` + f.fileName() + ` ...": in ~/.bashrc
  source <(` + f.fileName() + ` completion bash)`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 || c.install {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return beginning(toComplete, shells()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.check(f, args); err != nil {
				return invalid(err)
			}
			if c.install {
				return c.runInstall(f)
			}
			return script(cmd.Root(), f, args[0])
		},
	}
	cmd.Flags().BoolVar(&c.install, "install", false, "Make the links by which kubectl and oc find this command and its completion")
	cmd.Flags().StringVar(&c.dir, "dir", "", "The `FOLDER` for the links, one of your PATH; by default that of this command")
	return cmd
}

// host is the command that runs this one as its plugin.
func (f *factory) host() string { return strings.Fields(f.name)[0] }

// fileName is the file that the host runs.
func (f *factory) fileName() string { return strings.ReplaceAll(f.name, " ", "-") }

func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

func (c *completionFlags) check(f *factory, args []string) error {
	switch {
	case c.install && len(args) > 0:
		return fmt.Errorf("--install is for all shells: leave %q out", strings.Join(args, " "))
	case !c.install && c.dir != "":
		return errors.New("--dir is the folder for the links of --install: add that, or leave --dir out")
	case !c.install && len(args) != 1:
		return fmt.Errorf("name one shell (%s), or write --install: see \"%s completion --help\"", strings.Join(shells(), ", "), f.name)
	}
	return nil
}

// script prints cobra's script for a shell.
func script(root *cobra.Command, f *factory, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(f.Out, true)
	case "zsh":
		return root.GenZshCompletion(f.Out)
	case "fish":
		return root.GenFishCompletion(f.Out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(f.Out)
	default:
		return invalid(fmt.Errorf("shell %q is unknown: write one of %s", shell, strings.Join(shells(), ", ")))
	}
}

// shimArgs are the arguments of the command that arg0 asks for: under the name of a completion shim
// (kubectl_complete-egress), kubectl and oc want what completes the arguments.
func shimArgs(arg0 string, args []string) []string {
	host, _, _ := strings.Cut(filepath.Base(arg0), "-")
	if strings.HasSuffix(host, "_complete") {
		return append([]string{cobra.ShellCompRequestCmd}, args...)
	}
	return args
}

func (c *completionFlags) runInstall(f *factory) error {
	l, err := newLinks(f.arg0, c.dir)
	if err != nil {
		return err
	}
	if err := l.install(func(path, result string) {
		fprintf(f.Out, "%s %s\n", path, result)
	}); err != nil {
		return err
	}
	if !onPath(l.dir) {
		f.note("%s is not in your PATH: add it, so that kubectl and oc find what is there", l.dir)
	}
	return nil
}
