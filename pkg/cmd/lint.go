package cmd

import (
	"fmt"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

type lintFlags struct {
	sourceFlags
	findingFlags
	provisioner string
}

func newLintCommand(f *factory) *cobra.Command {
	l := &lintFlags{provisioner: string(egress.Auto)}
	cmd := &cobra.Command{
		Use:   "lint -f FILE",
		Short: "Check EgressRouters in files, without a cluster",
		Long: `Checks EgressRouters in files, without a cluster: what the operator or the CNI plugin would break on or
ignore. It ends with 2 where it finds errors, and with 4 where it finds warnings and --fail-on=warning.`,
		Example: `  # Every EgressRouter in a folder, for standalone routers
  ` + f.name + ` lint -f routers/ -R --provisioner=standalone`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return invalid(fmt.Errorf("lint reads files: write -f %s", args[0]))
			}
			return l.run(f)
		},
	}
	l.sourceFlags.add(cmd, "that holds EgressRouters to check")
	addProvisioner(cmd, &l.provisioner)
	l.findingFlags.add(cmd)
	return cmd
}

func (l *lintFlags) run(f *factory) error {
	o, err := l.findingFlags.options()
	if err != nil {
		return invalid(err)
	}
	provisioner, err := egress.ParseProvisioner(l.provisioner)
	if err != nil {
		return invalid(err)
	}
	if l.empty() {
		return invalid(fmt.Errorf("name what to check with -f FILE: see \"%s lint --help\"", f.name))
	}
	namespace, explicit, err := f.currentNamespace()
	if err != nil {
		return invalid(err)
	}
	routers, err := l.load(f, namespace, explicit)
	if err != nil {
		return invalid(err)
	}
	s := &snapshot.Snapshot{Routers: collect.Map(routers, func(r *nov1.EgressRouter) snapshot.Router {
		return snapshot.Router{EgressRouter: *r, Provisioner: provisioner.Offline()}
	})}
	return o.report(f, check.Specs(s), nil, nil, exitInvalid)
}
