package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// checkFlags are the flags of the verbs that check the cluster.
type checkFlags struct {
	provisioner string
	maxMACs     int
}

func (c *checkFlags) add(cmd *cobra.Command) {
	addProvisioner(cmd, &c.provisioner)
	cmd.Flags().IntVar(&c.maxMACs, "max-macs-per-node", check.DefaultMaxMACs, "How many macvlan interfaces a node's NIC filters in hardware")
}

// options are c, checked.
func (c *checkFlags) options(f *factory) (check.Options, error) {
	o := check.Options{MaxMACs: c.maxMACs, Caller: f.caller()}
	var err error
	if o.Provisioner, err = egress.ParseProvisioner(c.provisioner); err != nil {
		return o, err
	}
	if c.maxMACs < 1 {
		return o, fmt.Errorf("--max-macs-per-node %d makes no sense: write 1 or more", c.maxMACs)
	}
	return o, nil
}

func newPreflightCommand(f *factory) *cobra.Command {
	p := newPreflightFlags()
	cmd := &cobra.Command{
		Use:   "preflight [NAME...]",
		Short: "Check the egress routers and their cluster, before and after",
		Long: `Checks what egress routers need: their specs, each by itself and against the others, and the cluster
that they are to work in. It writes nothing. It ends with 3 where it finds errors, and with 4 where it
finds warnings and --fail-on=warning.

` + f.platforms.spell("and", func(r platformRow) string { return `"preflight ` + r.Name + `"` }) + ` also ask the platform under the nodes whether it lets the
routers' frames through.`,
		Example: `  # All routers of the cluster
  ` + f.name + ` preflight -A

  # One router, for a change request
  ` + f.name + ` preflight partner-a -o markdown

  # Offline, from what bundle wrote
  ` + f.name + ` preflight --from cluster.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), f, args) },
	}
	cmd.ValidArgsFunction = f.completeRouters(anyNumber)
	p.add(cmd)
	for _, row := range f.platforms {
		cmd.AddCommand(newPlatformCommand(f, row))
	}
	return cmd
}

func (p *preflightFlags) run(ctx context.Context, f *factory, names []string) error {
	o, err := p.options(f)
	if err != nil {
		return invalid(err)
	}
	l, err := p.lookFlags.read(ctx, f, names)
	if err != nil {
		return cmp.Or(f.platforms.mistaken(names, err), err)
	}
	if l.client != nil && l.nowhere() {
		return fmt.Errorf("namespace %s does not exist: name another with -n", l.namespace)
	}
	if err := l.ask(ctx, o.checks.Provisioner); err != nil {
		return err
	}
	o.rerun, err = f.rerun(p.lookFlags, names)
	if err != nil {
		return invalid(err)
	}
	run := &onPlatform{look: l, platformOptions: o}
	plan, err := run.underneath(ctx)
	if err != nil {
		return err
	}
	return run.show(plan)
}

// nowhere reports whether the namespace asked for surely does not exist: to call it free of findings would be green
// without having looked.
func (l *look) nowhere() bool {
	return l.namespace != "" && l.UnknownOf("namespaces") == nil &&
		!slices.ContainsFunc(l.Namespaces, func(n snapshot.Namespace) bool { return n.Name == l.namespace })
}

// judge is what the judge says of the routers asked for, and of the cluster.
func (l *look) judge(o check.Options) *check.Judgement {
	if l.namespace != "" || len(l.names) > 0 {
		o.Only = l.reports
	}
	return check.Judge(l.Snapshot, o)
}

// ask adds to l what the user may write in its namespace. Over all namespaces nobody can be asked at once.
func (l *look) ask(ctx context.Context, provisioner egress.Provisioner) (err error) {
	if l.client == nil || l.namespace == "" {
		return nil
	}
	if provisioner == egress.Auto {
		provisioner = egress.Operator
		if !l.Serves(egress.Resource.Resource) {
			provisioner = egress.Standalone
		}
	}
	l.Rights, err = l.client.Rights(ctx, l.namespace, provisioner)
	return err
}

// underneath asks the platform that the nodes run on, where it is one of ours and its credentials are in
// the environment. An empty plan comes back where it is none; where it is not asked, or does not answer, a
// finding says that it is unknown whether it allows the frames.
func (o *onPlatform) underneath(ctx context.Context) (*platform.Plan, error) {
	on, ok := o.platforms.row(platform.Detect(o.look.Snapshot, o.platforms.known()))
	if !ok || len(o.look.routers()) == 0 {
		return &platform.Plan{}, nil
	}
	o.on, o.rerun.Verb = on, []string{"preflight", on.Name}
	switch {
	case o.from != "":
		return o.unasked(finding.Info, "a file was looked at, and the platform is not in it"), nil
	case !on.configured():
		return o.unasked(finding.Info, "no credentials for it are in the environment"), nil
	}
	plan, err := o.ask(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return o.unasked(finding.Error, err.Error()), nil
	}
	return plan, nil
}

// ask plans as "preflight NAME" does without a flag of its own.
func (o *onPlatform) ask(ctx context.Context) (plan *platform.Plan, err error) {
	own := o.on.preflight()
	own.command(o.name)
	ready, err := own.prepare(ctx, o.platformOptions)
	if err != nil {
		return nil, err
	}
	err = o.visit(ctx, ready, o.look, func(o *onPlatform) error {
		plan, err = o.adapter.Plan(ctx, o.need)
		return err
	})
	return plan, err
}

// unasked is a plan that changes nothing, with EGR207 for a platform that was not asked.
func (o *onPlatform) unasked(level finding.Level, why string) *platform.Plan {
	return &platform.Plan{Platform: o.on.Name, Findings: []finding.Finding{finding.New(finding.NodeReadiness, "cluster",
		fmt.Sprintf("whether %s allows the routers' frames is unknown", o.on.Title),
		fmt.Sprintf("the nodes run on %s, which drops frames whose MAC it does not know, and %s", o.on.Title, why),
		"ask it, with credentials for it", o.rerun.Again()).At(level),
	}}
}
