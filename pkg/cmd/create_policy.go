package cmd

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// policyFlags say who may use a router.
type policyFlags struct {
	from []string
}

func (p *policyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&p.from, "allow-from", nil, "Let in no pods but those of `NAMESPACE[:LABEL=VALUE,...]`, by a NetworkPolicy; may be repeated. Without it, a policy that is there stays")
}

// options checks the flags.
func (p *policyFlags) options() ([]render.Clients, error) {
	return parseAll("--allow-from: ", p.from, render.ParseClients)
}
