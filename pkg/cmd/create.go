package cmd

import (
	"cmp"
	"errors"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// createFlags are what the user typed.
type createFlags struct {
	*applyFlags
	waitFlags
	router routerFlags
	pod    podFlags
	source sourceFlags
	// allowFrom says who may use the router.
	allowFrom []string
	expose    bool
	force     bool
	// restart restarts the pod also where it cannot be told whether it runs older rules.
	restart bool
	// failOn is the level of findings on a router that is up that fails the command.
	failOn  string
	workers int
	// noProgress leaves the bar out.
	noProgress bool
}

// createOptions are what create needs to run.
type createOptions struct {
	*factory
	*createFlags
	applyOptions
	routers []*nov1.EgressRouter
	pod     render.Options
	// podSet names the flags given that only the standalone provisioner knows, partSet those that are set on
	// the operator's Deployment.
	podSet, partSet []string
	// surge tells that a start of the new pod before the old one's end was asked for.
	surge bool
	// autoRoutes tells that the cluster is to be asked for its networks.
	autoRoutes bool
	// clients are those who may use the routers; none leaves it as it is.
	clients []render.Clients
}

func newCreateCommand(f *factory) *cobra.Command {
	c := &createFlags{applyFlags: newApplyFlags(), workers: 32}
	cmd := &cobra.Command{
		Use:   "create (NAME --address IP/PREFIX --gateway IP --redirect RULE... | -f FILE)",
		Short: "Make egress routers, or change them",
		Long: `Makes an egress router, or changes it: renders its objects, checks them, applies them, and waits until
the router serves. Run again, it changes nothing. A flag that is left out the next time is taken back;
Service and NetworkPolicy are objects of their own, and stay.

A RULE is PORT[/PROTOCOL]=IP[:TARGETPORT], protocol tcp (default), udp or sctp: what clients send to
PORT of the router goes to IP, from the reserved address.`,
		Example: `  # A router with three redirects, and its Service
  ` + f.name + ` create partner-a --address 192.168.12.99/24 --gateway 192.168.12.1 \
    --redirect 8080=203.0.113.26:80 --redirect 8443=203.0.113.27:443 --redirect 80/udp=10.100.3.0 --expose

  # On the nodes with a label, elsewhere a minute after its node is lost, for one namespace alone
  ` + f.name + ` create partner-a --address 192.168.12.99/24 --gateway 192.168.12.1 \
    --redirect 8080=203.0.113.26:80 --node-selector egress=yes --failover-after 1m --allow-from billing

  # What it would apply, without any cluster
  ` + f.name + ` create partner-a --address 192.168.12.99/24 --gateway 192.168.12.1 \
    --redirect 8080=203.0.113.26:80 --dry-run=client -o yaml

  # Every EgressRouter in a folder
  ` + f.name + ` create -f routers/ -R`,
		RunE: runs(f, c.complete),
	}
	c.router.add(cmd)
	c.source.add(cmd, "that holds EgressRouters to create")
	cmd.Flags().BoolVar(&c.expose, "expose", false, "Make a Service too, for every port that the rules redirect")
	cmd.Flags().StringArrayVar(&c.allowFrom, "allow-from", nil, "Let in no pods but those of `NAMESPACE[:LABEL=VALUE,...]`, by a NetworkPolicy; may be repeated. Without it, a policy that is there stays")
	c.pod.add(cmd)
	c.applyFlags.add(cmd)
	c.waitFlags.add(cmd, true, "Wait until the router serves; the default for one router, not for several")
	cmd.Flags().BoolVar(&c.force, "force", false, "Continue despite errors in the spec, except those that would degrade the cluster's network operator, and despite a Pod Security level that refuses the pod; never past another router in the namespace or with the address")
	cmd.Flags().BoolVar(&c.restart, "restart", false, "Restart the pod also where it cannot be told whether it runs older rules")
	addFailOn(cmd, &c.failOn, failNever)
	cmd.Flags().IntVar(&c.workers, "concurrency", c.workers, "How many routers to work on at a time")
	cmd.Flags().BoolVar(&c.noProgress, "no-progress", false, "Show one line per object on a terminal too, not a bar, where there are several routers")
	return cmd
}

// complete makes options of the flags. Whatever it refuses, the user typed.
func (c *createFlags) complete(f *factory, cmd *cobra.Command, args []string) (*createOptions, error) {
	o := &createOptions{factory: f, createFlags: c}
	var err error
	o.applyOptions, err = c.applyFlags.options(f)
	if err := cmp.Or(err, c.waitFlags.check(), errors.Join(positive("concurrency", c.workers), checkFailOn(c.failOn))); err != nil {
		return nil, err
	}
	if o.routers, err = c.read(f, cmd, args, o.dryRun); err != nil {
		return nil, err
	}
	if !cmd.Flags().Changed("wait") {
		o.wait = len(o.routers) == 1
	}
	o.podSet, o.partSet = c.pod.standaloneOnly(cmd), given(cmd, "node-selector", "failover-after", "recreate")
	o.surge = cmd.Flags().Changed("recreate") && !c.pod.recreate
	if o.pod, o.autoRoutes, err = c.pod.options(cmd, len(o.routers)); err != nil {
		return nil, err
	}
	o.clients, err = parseAll("--allow-from: ", c.allowFrom, render.ParseClients)
	o.apply.NetworkPolicies = len(o.clients) > 0
	return o, err
}

// read takes the routers from the flags or from files.
func (c *createFlags) read(f *factory, cmd *cobra.Command, args []string, d dryRun) ([]*nov1.EgressRouter, error) {
	namespace, explicit, err := f.currentNamespace()
	if err != nil {
		return nil, err
	}
	// Only what was asked for is printed: without -n the objects go wherever they are applied.
	if d == dryRunClient && !explicit {
		namespace = ""
	}
	if c.source.empty() {
		r, err := c.router.build(f, args, namespace)
		if err != nil {
			return nil, err
		}
		return []*nov1.EgressRouter{r}, nil
	}
	if err := refuseWithFiles(cmd, args); err != nil {
		return nil, err
	}
	return c.source.load(f, namespace, explicit)
}
