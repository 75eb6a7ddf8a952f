package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
)

// grantExistingOptions are what grant --from-existing needs to run.
type grantExistingOptions struct {
	*factory
	applyOptions
	// base is the field manager that those of the namespaces begin with.
	base string
	// agreed tells that nobody is to be asked.
	agreed bool
}

func (g *grantFlags) completeExisting(f *factory, cmd *cobra.Command, args []string) (*grantExistingOptions, error) {
	for _, flag := range []string{"addresses", "nodes", "max"} {
		if len(args) > 0 || cmd.Flags().Changed(flag) {
			return nil, errors.New("--from-existing grants all namespaces what their routers have: leave out NAMESPACE, --addresses, --nodes and --max")
		}
	}
	o := &grantExistingOptions{factory: f, base: g.manager}
	var err error
	if o.applyOptions, err = g.options(f); err != nil {
		return nil, err
	}
	if o.agreed = g.yes || o.dryRun != dryRunNone; !o.agreed && !f.interactive() {
		return nil, errors.New("grant --from-existing asks first, and stdin is not a terminal: pass --yes")
	}
	return o, nil
}

func (o *grantExistingOptions) run(ctx context.Context) error {
	l, err := (&lookFlags{all: true}).read(ctx, o.factory, nil)
	if err != nil {
		return err
	}
	granted, err := read.Grants(ctx, l.client)
	if err != nil {
		return err
	}
	proposal := check.Propose(granted, l.Snapshot, l.judge(check.Options{Caller: o.caller()}))
	unread := unread(o.factory, l.Snapshot)
	o.show(proposal)
	if len(proposal.Namespaces) == 0 || unread != nil {
		return unread
	}
	if !o.agreed && !o.agrees("Grant this?") {
		return fmt.Errorf("not confirmed: nothing was granted")
	}
	var errs []error
	for _, proposed := range proposal.Namespaces {
		errs = append(errs, o.one(ctx, proposed.Grant))
	}
	return errors.Join(errs...)
}

// one grants one namespace its part.
func (o *grantExistingOptions) one(ctx context.Context, of grant.Grant) error {
	one := &grantOptions{factory: o.factory, applyOptions: o.applyOptions, grant: of}
	if o.dryRun == dryRunClient {
		return one.run(ctx)
	}
	client, err := o.client(apply.GrantManager(o.base, of.Namespace))
	if err != nil {
		return err
	}
	if err := one.write(ctx, client); err != nil {
		return fmt.Errorf("namespace %s: %w", of.Namespace, err)
	}
	return nil
}

// show says what would be granted, and at the end what would not.
func (o *grantExistingOptions) show(p check.Proposal) {
	if len(p.Namespaces) == 0 {
		o.note("Nothing to grant: no router without a grant works with its address.")
	} else {
		o.note("This grants:")
	}
	for _, proposed := range p.Namespaces {
		o.note("  namespace %s: %s, for %s", proposed.Grant.Namespace, grant.Text(proposed.Grant.Addresses), strings.Join(proposed.Routers, ", "))
	}
	if len(p.Doubtful) > 0 {
		o.note("Not granted, since it is doubtful whose the address is:")
	}
	for _, doubt := range p.Doubtful {
		o.note("  %s", doubt)
	}
}
