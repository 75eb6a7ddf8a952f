package cmd

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
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
	names := f.askCluster(cmd.Context(), func(ctx context.Context, client *cluster.Client) ([]string, error) {
		return read.NamespaceNames(ctx, client)
	})
	return beginning(toComplete, names), cobra.ShellCompDirectiveNoFileComp
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
	go func() { // a credential plugin heeds no context
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

// askQuietly reads without a word on the terminal, and without taking what the person types.
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
	return slices.DeleteFunc(slices.Clone(choices), func(choice string) bool { return !strings.HasPrefix(choice, typed) })
}
