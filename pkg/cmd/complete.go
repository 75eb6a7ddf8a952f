package cmd

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

// completionPatience is how long a person who pressed TAB is kept waiting.
const completionPatience = 2 * time.Second

// anyNumber is for completeRouters.
const anyNumber = 0

// namesReader reads names from a cluster.
type namesReader func(context.Context, *cluster.Client) ([]string, error)

// completeRouters completes the names of the routers of the namespace, for a command that takes so many.
func (f *factory) completeRouters(number int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if all := cmd.Flag("all-namespaces"); all != nil && all.Changed || number != anyNumber && len(args) >= number {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names := f.askCluster(cmd.Context(), func(ctx context.Context, client *cluster.Client) ([]string, error) {
			namespace, _, err := f.currentNamespace()
			if err != nil {
				return nil, err
			}
			return read.RouterNames(ctx, client, namespace)
		})
		typed := func(name string) bool { return slices.Contains(args, name) }
		return beginning(toComplete, slices.DeleteFunc(names, typed)), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeNamespaces completes -n.
func (f *factory) completeNamespaces(cmd *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return beginning(toComplete, f.askCluster(cmd.Context(), read.NamespaceNames)), cobra.ShellCompDirectiveNoFileComp
}

// completeKubeconfig completes what the kubeconfig has names for; the cluster is not asked.
func (f *factory) completeKubeconfig(names func(api.Config) []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		config, err := f.config.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return beginning(toComplete, names(config)), cobra.ShellCompDirectiveNoFileComp
	}
}

// askCluster gives the names that read finds, and none where that fails or takes too long: a person who
// pressed TAB did not ask for an error.
func (f *factory) askCluster(ctx context.Context, read namesReader) []string {
	ctx, cancel := context.WithTimeout(ctx, completionPatience)
	defer cancel()
	found := make(chan []string, 1)
	go func() { // a credential plugin observes no context
		names, err := f.askQuietly(ctx, read)
		if err != nil {
			names = nil
		}
		found <- names
	}()
	select {
	case names := <-found:
		return names
	case <-ctx.Done():
		return nil
	}
}

// askQuietly reads silently, and without taking what the person types.
func (f *factory) askQuietly(ctx context.Context, read namesReader) ([]string, error) {
	cfg, err := f.restConfig()
	if err != nil {
		return nil, err
	}
	cfg.WarningHandler = rest.NoWarnings{}
	if cfg.ExecProvider != nil {
		cfg.ExecProvider.InteractiveMode = api.NeverExecInteractiveMode
	}
	client, err := cluster.New(cfg, egress.ManagedByValue)
	if err != nil {
		return nil, err
	}
	return read(ctx, client)
}

// beginning are the choices that begin with what was typed.
func beginning(typed string, choices []string) []string {
	return collect.Filter(choices, func(choice string) bool { return strings.HasPrefix(choice, typed) })
}

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
			cobra.CompletionWithDesc(string(egress.Operator), "the Cluster Network Operator creates the NAD and the Deployment"),
			cobra.CompletionWithDesc(string(egress.Standalone), "this command creates the NAD and the Deployment"),
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

// completeFirst completes the first argument alone.
func completeFirst(choices []cobra.Completion) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
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
	case "list":
		formats = append([]string{"wide"}, dataFormats()...)
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
	return beginning(toComplete, collect.Map(finding.Catalogue(), func(e finding.Entry) cobra.Completion {
		return cobra.CompletionWithDesc(before+string(e.Code), e.Title)
	})), cobra.ShellCompDirectiveNoFileComp
}
