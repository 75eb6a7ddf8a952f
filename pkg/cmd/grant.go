package cmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	fieldmanager "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
)

// grantFlags are what the user typed.
type grantFlags struct {
	*applyFlags
	addresses []string
	nodes     string
	max       int
	// existing grants what the routers that work today have; yes does so without asking.
	existing, yes bool
}

// grantOptions are what grant needs to run.
type grantOptions struct {
	*factory
	applyOptions
	grant grant.Grant
}

func newGrantCommand(f *factory) *cobra.Command {
	g := &grantFlags{applyFlags: newApplyFlags()}
	cmd := &cobra.Command{
		Use:   "grant NAMESPACE --addresses CIDR[,...] [--nodes SELECTOR] [--max N]",
		Short: "Grant a namespace addresses on the platform, or list and remove grants",
		Long: `Grants the egress routers of a namespace addresses on the platform, and says on which nodes they may run
and how many there may be. It is for administrators: whoever may write pods in a namespace can otherwise
have "sync" and "preflight openstack --fix" take any address there.

The grants are the ConfigMap ` + grant.Name + ` in namespace ` + egress.Namespace + `, which is made where it is missing. Its keys are
NAMESPACE, NAMESPACE.nodes and NAMESPACE.max. They are applied key by key, so that Git and this command can
share the ConfigMap. What is left out of a grant is removed from it: give all of it each time.`,
		Example: `  # A network of eight addresses
  ` + f.name + ` grant billing --addresses 192.168.12.96/29

  # Single addresses, for up to two routers, on some nodes
  ` + f.name + ` grant shop --addresses 192.168.12.120,192.168.12.121 --nodes egress=yes --max 2

  # What the routers have that work today; it asks first
  ` + f.name + ` grant --from-existing

  # Who has what, and what is free
  ` + f.name + ` grant list -o wide`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if g.existing {
				return runs(f, g.completeExisting)(cmd, args)
			}
			return runs(f, g.complete)(cmd, args)
		},
	}
	cmd.ValidArgsFunction = f.completeGrantee
	flags := cmd.Flags()
	flags.StringSliceVar(&g.addresses, "addresses", nil, "The IPv4 networks and single addresses, such as 192.168.12.96/29,192.168.12.120; may be repeated")
	flags.StringVar(&g.nodes, "nodes", "", "A label selector of the nodes on which the routers may run, such as egress=yes; by default any node")
	flags.IntVar(&g.max, "max", 0, "How many routers the namespace may have; by default any number. The oldest ones count first")
	flags.BoolVar(&g.existing, "from-existing", false, "Propose a grant for every router that works today with its address, name those that are doubtful, and ask")
	flags.BoolVarP(&g.yes, "yes", "y", false, "With --from-existing: do not ask")
	g.addWriting(cmd)
	cmd.AddCommand(newGrantListCommand(f), newGrantRemoveCommand(f))
	return cmd
}

func (g *grantFlags) complete(f *factory, cmd *cobra.Command, args []string) (*grantOptions, error) {
	namespace, err := granteeOf(f, cmd, args)
	if err != nil {
		return nil, err
	}
	o := &grantOptions{factory: f, grant: grant.Grant{Namespace: namespace}}
	if o.applyOptions, err = g.options(f); err != nil {
		return nil, err
	}
	if o.manager = apply.GrantManager(g.manager, namespace); len(fieldmanager.ValidateFieldManager(o.manager, nil)) > 0 {
		return nil, fmt.Errorf("--field-manager %s is too long: the namespace's grant is applied as %s, which may have at most %d characters",
			g.manager, o.manager, fieldmanager.FieldManagerMaxLength)
	}
	if len(g.addresses) == 0 {
		return nil, errors.New("which addresses? Write them with --addresses, such as --addresses 192.168.12.96/29,192.168.12.120")
	}
	if o.grant.Addresses, err = grant.ParseAddresses(strings.Join(g.addresses, ",")); err != nil {
		return nil, fmt.Errorf("--addresses: %w", err)
	}
	if g.nodes != "" {
		if o.grant.Nodes, err = grant.ParseNodes(g.nodes); err != nil {
			return nil, fmt.Errorf("--nodes: %w", err)
		}
	}
	if cmd.Flags().Changed("max") {
		if o.grant.Max, err = grant.ParseMax(strconv.Itoa(g.max)); err != nil {
			return nil, fmt.Errorf("--max: %w", err)
		}
	}
	return o, nil
}

// granteeOf is the one namespace that was typed.
func granteeOf(f *factory, cmd *cobra.Command, args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("give one NAMESPACE: see \"%s --help\"%s", cmd.CommandPath(), extra(args))
	}
	return args[0], checkNamespace(f, args[0])
}

func checkNamespace(f *factory, name string) error {
	if len(validation.IsDNS1123Label(name)) > 0 {
		return fmt.Errorf("%q cannot be a namespace's name: see which there are with \"%s get namespaces\"", name, f.host())
	}
	return nil
}

// attempts is how often a change is made again where another has changed the ConfigMap in the meantime.
const attempts = 5

func (o *grantOptions) run(ctx context.Context) error {
	if o.dryRun == dryRunClient {
		return o.print.object(apply.GrantConfigMap(o.grant), apply.Created)
	}
	client, err := o.client(o.manager)
	if err != nil {
		return err
	}
	if err := o.write(ctx, client); err != nil {
		return err
	}
	return o.noteGrantee(ctx, client)
}

// write grants what was asked for, and does so again where another has changed the grants in the meantime.
func (o *grantOptions) write(ctx context.Context, client *cluster.Client) (err error) {
	for range attempts {
		if err = o.once(ctx, client); !apierrors.IsConflict(err) {
			break
		}
	}
	return err
}

// once grants what was asked for, on top of the grants as they are now.
func (o *grantOptions) once(ctx context.Context, client *cluster.Client) error {
	granted, live, err := read.LiveGrants(ctx, client)
	if err != nil {
		return err
	}
	if err := granted.Refuse(o.grant); err != nil {
		return invalid(fmt.Errorf("%w: nothing was written: see \"%s grant list\"", err, o.name))
	}
	applied, err := apply.Grant(ctx, client, live, o.grant, o.apply)
	if err != nil {
		return err
	}
	if !o.print.lines() {
		applied = applied[len(applied)-1:]
	}
	if err := o.print.applied(applied); err != nil {
		return err
	}
	now := applied[len(applied)-1].Object
	for _, key := range granted.Has(o.grant.Namespace) {
		if _, kept, _ := unstructured.NestedString(now.Object, "data", key); !kept {
			o.note("no longer in the grant: %s", key)
		}
	}
	return nil
}

// noteGrantee says where the namespace is not there: its grant may come first.
func (o *grantOptions) noteGrantee(ctx context.Context, client *cluster.Client) error {
	namespace, err := client.Get(ctx, cluster.Namespaces, "", o.grant.Namespace)
	switch {
	case cluster.Refused(err):
		o.note("whether namespace %s exists is not known: %v", o.grant.Namespace, err)
	case err != nil:
		return err
	case namespace == nil:
		o.note("warning: namespace %s does not exist yet: its grant counts once it does", o.grant.Namespace)
	}
	return nil
}

// completeGrantee completes the namespace to grant something.
func (f *factory) completeGrantee(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return f.completeNamespaces(cmd, args, toComplete)
}

// completeGranted completes one namespace that is granted something.
func (f *factory) completeGranted(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return completeFirst(f.askCluster(cmd.Context(), func(ctx context.Context, client *cluster.Client) ([]string, error) {
		granted, err := read.Grants(ctx, client)
		return granted.Namespaces(), err
	}))(cmd, args, toComplete)
}
