package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

type preflightFlags struct {
	findingFlags
	all bool
}

func newPreflightCommand(f *factory) *cobra.Command {
	p := &preflightFlags{}
	cmd := &cobra.Command{
		Use:   "preflight [NAME...]",
		Short: "Check the egress routers in the cluster",
		Long: `Checks the specs of the egress routers in the cluster, each by itself and against the others and the
nodes. It writes nothing. It ends with 3 where it finds errors, and with 4 where it finds warnings and
--fail-on=warning.`,
		Example: `  # All routers of the cluster
  ` + f.name + ` preflight -A`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), f, args) },
	}
	cmd.ValidArgsFunction = f.completeRouters(anyNumber)
	addAllNamespaces(cmd, &p.all)
	p.findingFlags.add(cmd)
	return cmd
}

func addAllNamespaces(cmd *cobra.Command, value *bool) {
	cmd.Flags().BoolVarP(value, "all-namespaces", "A", false, "Report the routers of all namespaces")
}

func (p *preflightFlags) run(ctx context.Context, f *factory, names []string) error {
	o, err := p.findingFlags.options()
	if err != nil {
		return invalid(err)
	}
	namespace, _, err := f.currentNamespace()
	if err != nil {
		return invalid(err)
	}
	if p.all && len(names) > 0 {
		return invalid(fmt.Errorf("a NAME is in one namespace: leave -A out"))
	}
	client, err := f.client(egress.ManagedByValue)
	if err != nil {
		return err
	}
	if p.all {
		namespace = ""
	}
	s, err := client.Read(ctx, cluster.ReadOptions{Namespace: namespace, Wide: true, Nodes: true})
	if err != nil {
		return err
	}
	if err := missing(s, namespace, names); err != nil {
		return err
	}
	return o.report(f, about(check.Cluster(s), namespace, names), nil, exitErrors)
}

// missing says which of names is no router in s.
func missing(s *snapshot.Snapshot, namespace string, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(s.Routers, func(r snapshot.Router) bool { return r.Namespace == namespace && r.Name == name }) {
			return fmt.Errorf("egress router %s in namespace %s: %w", name, namespace, cluster.ErrNotFound)
		}
	}
	return nil
}

// about are the findings to report: those on routers of the namespace ("" for all) and of the names (none
// for all), and those that are about no router.
func about(findings []finding.Finding, namespace string, names []string) []finding.Finding {
	var out []finding.Finding
	for _, f := range findings {
		in, name, isRouter := strings.Cut(f.Object, "/")
		if !isRouter || (namespace == "" || in == namespace) && (len(names) == 0 || slices.Contains(names, name)) {
			out = append(out, f)
		}
	}
	return out
}
