package cmd

import (
	"fmt"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
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
	var out []render.Clients
	for _, text := range p.from {
		clients, err := render.ParseClients(text)
		if err != nil {
			return nil, fmt.Errorf("--allow-from: %w", err)
		}
		out = append(out, clients)
	}
	return out, nil
}

// policyObject renders a NetworkPolicy once its owner is known.
func policyObject(r *nov1.EgressRouter, options render.PolicyOptions) apply.Object {
	return func(owner types.UID) (*unstructured.Unstructured, error) {
		options.Owner = owner
		return render.NetworkPolicy(r, options)
	}
}
