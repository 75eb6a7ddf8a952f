package cmd

import (
	"maps"
	"slices"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

// addCompletions sees to it that every flag of every command is completed with what it takes. A flag means
// the same wherever it is, so its name tells; files are offered for those that take files, and nowhere else.
func (f *factory) addCompletions(root *cobra.Command) {
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	addFlagValues(root, f.flagValues())
}

// addFlagValues sets the completions by the names of flags, for cmd and the commands below it.
func addFlagValues(cmd *cobra.Command, values map[string]cobra.CompletionFunc) {
	add := func(flag *pflag.Flag) {
		if complete := values[flag.Name]; complete != nil {
			// It fails where cli-runtime has come to complete its flags itself, which will do.
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, complete)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.PersistentFlags().VisitAll(add)
	for _, below := range cmd.Commands() {
		addFlagValues(below, values)
	}
}

// flagValues are what flags take, by name.
func (f *factory) flagValues() map[string]cobra.CompletionFunc {
	values := map[string]cobra.CompletionFunc{
		"namespace": f.completeNamespaces,
		"context":   f.completeKubeconfig(func(c api.Config) []string { return slices.Sorted(maps.Keys(c.Contexts)) }),
		"cluster":   f.completeKubeconfig(func(c api.Config) []string { return slices.Sorted(maps.Keys(c.Clusters)) }),
		"user":      f.completeKubeconfig(func(c api.Config) []string { return slices.Sorted(maps.Keys(c.AuthInfos)) }),
		"output":    completeOutput,
		"ignore":    completeCodes,
		"fail-on":   completeChoices("error", "warning", "never"),
		"provisioner": completeChoices(
			cobra.CompletionWithDesc(string(egress.Auto), "operator where the cluster serves EgressRouters, else standalone"),
			cobra.CompletionWithDesc(string(egress.Operator), "the Cluster Network Operator makes NAD and Deployment"),
			cobra.CompletionWithDesc(string(egress.Standalone), "this command makes NAD and Deployment"),
		),
		"allow-from": f.completeNamespaces,
		"dry-run": completeChoices(
			cobra.CompletionWithDesc(string(dryRunNone), "do it"),
			cobra.CompletionWithDesc(string(dryRunClient), "only say what would be done"),
			cobra.CompletionWithDesc(string(dryRunServer), "let the server check it, without writing"),
		),
		"macvlan-mode": completeChoices(macvlanModes()...),

		"cluster-routes": completeChoices(routesNone, routesAuto),

		"filename": completePaths(cobra.ShellCompDirectiveFilterFileExt, "yaml", "yml", "json"),
	}
	for _, flag := range []string{"redirect-file", "kubeconfig", "certificate-authority", "client-certificate", "client-key", "template",
		"from", "save", "revert", "file"} {
		values[flag] = completePaths(cobra.ShellCompDirectiveDefault)
	}
	for _, flag := range []string{"kustomize", "cache-dir", "dir"} {
		values[flag] = completePaths(cobra.ShellCompDirectiveFilterDirs)
	}
	for _, row := range f.platforms {
		maps.Copy(values, row.choices)
	}
	return values
}

func completeChoices(choices ...cobra.Completion) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return beginning(toComplete, choices), cobra.ShellCompDirectiveNoFileComp
	}
}

// completePaths leaves it to the shell to list files: all, those of some extensions, or folders.
func completePaths(which cobra.ShellCompDirective, extensions ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return extensions, which
	}
}

func macvlanModes() []cobra.Completion {
	return []cobra.Completion{
		string(nov1.MacvlanModeBridge), string(nov1.MacvlanModePrivate), string(nov1.MacvlanModeVEPA), string(nov1.MacvlanModePassthru),
	}
}

// completeOutput completes -o, which takes what the verb can show.
func completeOutput(cmd *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var formats []string
	switch cmd.Name() {
	case "lint", "preflight":
		formats = report.Formats()
	case "status", "explain", "version":
		formats = dataFormats()
	case "get":
		formats = append([]string{"table", "wide"}, genericclioptions.NewPrintFlags("").AllowedFormats()...)
	case "delete":
		formats = []string{"name"}
	default:
		formats = genericclioptions.NewPrintFlags("").AllowedFormats()
		if cmd.Parent().Name() == "preflight" {
			formats = append(report.Formats(), formatCommands)
		}
	}
	return beginning(toComplete, formats), cobra.ShellCompDirectiveNoFileComp
}

// completeCodes completes --ignore, a list with commas, with the codes and what they are about.
func completeCodes(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	before := toComplete[:strings.LastIndex(toComplete, ",")+1]
	var codes []cobra.Completion
	for _, entry := range finding.Catalogue() {
		codes = append(codes, cobra.CompletionWithDesc(before+string(entry.Code), entry.Title))
	}
	return beginning(toComplete, codes), cobra.ShellCompDirectiveNoFileComp
}
