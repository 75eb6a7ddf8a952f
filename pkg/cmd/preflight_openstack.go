package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

type openstackFlags struct {
	platformFlags
	openstackLogin
	mac      string
	allNodes bool
	backend  string
	maxPairs int
	prune    bool
	reserve  bool
}

func newPreflightOpenStackCommand(f *factory) *cobra.Command {
	p := &openstackFlags{platformFlags: newPlatformFlags()}
	cmd := &cobra.Command{
		Use:   "openstack [NAME...]",
		Short: "Check, and with --fix set, the allowed-address pairs of the nodes' Neutron ports",
		Long: `Neutron drops the frames of an egress router until the port of its node allows the router's IP and MAC.
This finds the port of each node, says what is missing, and with --fix adds it: guarded against others
who write the same list, and recorded on the router, so that only what was added here is ever removed.

Credentials are those of OpenStack's own client: clouds.yaml with OS_CLOUD or --os-cloud, or the
variables OS_*. Without --fix and --revert nothing is written.`,
		Example: `  # What is missing
  ` + f.name + ` preflight openstack -A --os-cloud k8s

  # Set it, and keep what was there
  ` + f.name + ` preflight openstack partner-a --fix --save pairs.json

  # For whoever holds the rights
  ` + f.name + ` preflight openstack partner-a -o commands

  # Before there is a router
  ` + f.name + ` preflight openstack --address 192.168.12.99 --mac 02:e6:c0:a8:0c:63 --node worker-1`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), f, args) },
	}
	cmd.ValidArgsFunction = f.completeRouters(anyNumber)
	p.platformFlags.add(cmd, "Neutron")
	p.openstackLogin.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&p.mac, "mac", "", "With --address, the MAC of the router's net1")
	flags.BoolVar(&p.allNodes, "all-nodes", false, "The pair on the port of every node that the router could run on; needs --neutron-backend=openvswitch")
	flags.StringVar(&p.backend, "neutron-backend", "", "What Neutron works with, where the cloud's operator confirms it: ovn or openvswitch")
	flags.IntVar(&p.maxPairs, "max-pairs", 0, "How many pairs the cloud allows a port (max_allowed_address_pair); 0 is Neutron's default, 10")
	flags.BoolVar(&p.prune, "prune", false, "Remove pairs that were added for a router and are no longer needed")
	flags.BoolVar(&p.reserve, "reserve", false, "Keep Neutron from giving the address away, with a port of its own")
	return cmd
}

func (p *openstackFlags) run(ctx context.Context, f *factory, args []string) error {
	o, err := p.complete(f, args)
	if err != nil {
		return invalid(err)
	}
	mac, err := p.validate()
	if err != nil {
		return invalid(err)
	}
	if o.revert != "" {
		return p.putBack(ctx, o)
	}
	l, err := o.lookFlags.read(ctx, f, args)
	if err != nil {
		return err
	}
	return p.look(ctx, o, l, mac)
}

// look plans for what l shows, and goes on as the flags say.
func (p *openstackFlags) look(ctx context.Context, o *platformOptions, l *look, mac string) error {
	need, err := o.attachments(l, mac, p.allNodes)
	if err != nil {
		return err
	}
	adapter, err := p.adapter(ctx, o.factory, l)
	if err != nil {
		return err
	}
	return (&onPlatform{platformOptions: o, look: l, need: need, adapter: adapter}).run(ctx)
}

// adapter makes the adapter for what l shows, which keeps its records on the routers.
func (p *openstackFlags) adapter(ctx context.Context, f *factory, l *look) (platform.Adapter, error) {
	recorded, err := records(l.routers())
	if err != nil {
		return nil, err
	}
	cloud, err := p.cloud(ctx, f)
	if err != nil {
		return nil, err
	}
	return openstack.NewKeeper(cloud, p.options(l, recorded), l.client.NewRecords(egress.AnnotationOpenStack, l.Routers))
}

// validate checks the flags that are OpenStack's own, and gives --mac.
func (p *openstackFlags) validate() (string, error) {
	mac, err := parseMAC(p.mac)
	switch {
	case err != nil:
		return "", err
	case p.address == "" && mac != "":
		return "", errors.New("--mac goes with --address: a router's own MAC is known")
	case p.address != "" && mac == "" && p.revert == "":
		return "", fmt.Errorf("--address %s needs --mac: a pair is an IP and a MAC", p.address)
	}
	return mac, p.options(nil, nil).Validate()
}

// options are those of the adapter.
func (p *openstackFlags) options(l *look, recorded map[string][]openstack.Pair) openstack.Options {
	o := openstack.Options{
		Concurrency: p.concurrency, AllNodes: p.allNodes, Backend: p.backend, MaxPairs: p.maxPairs,
		Prune: p.prune, Reserve: p.reserve, Recorded: recorded,
	}
	if l != nil {
		nodes := platform.Nodes(l.Snapshot)
		for _, name := range slices.Sorted(maps.Keys(nodes)) {
			o.Nodes = append(o.Nodes, nodes[name])
		}
	}
	return o
}

func (p *openstackFlags) putBack(ctx context.Context, o *platformOptions) error {
	return o.putBack(ctx, platform.OpenStack, func() (platform.Adapter, string, error) {
		cloud, err := p.openstackLogin.cloud(ctx, o.factory)
		if err != nil {
			return nil, "", err
		}
		adapter, err := openstack.New(cloud, p.options(nil, nil))
		return adapter, cloud.Where(), err
	})
}
