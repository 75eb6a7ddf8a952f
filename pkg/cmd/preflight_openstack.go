package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// openstackPreflight are the flags of preflight that are OpenStack's own.
type openstackPreflight struct {
	openstackLogin
	record recordFlags
	mac    string
	// asked are the adapter's, as far as flags say.
	asked openstack.Options
}

func (p *openstackPreflight) command(name string) *cobra.Command {
	cmd := &cobra.Command{
		Short: "Check, and with --fix set, the allowed-address pairs of the nodes' Neutron ports",
		Long: `Neutron drops the frames of an egress router until the port of its node allows the router's IP and MAC.
This finds the port of each node, says what is missing, and with --fix adds it: guarded against others
who write the same list, and known again by its MAC or by a record, so that only what was added here is ever removed.

Credentials are those of OpenStack's own client: clouds.yaml with OS_CLOUD or --os-cloud, or the
variables OS_*. Without --fix and --revert nothing is written.`,
		Example: `  # What is missing
  ` + name + ` preflight openstack -A --os-cloud k8s

  # Set it, and keep what was there
  ` + name + ` preflight openstack partner-a --fix --save pairs.json

  # For whoever holds the rights
  ` + name + ` preflight openstack partner-a -o commands

  # Before there is a router
  ` + name + ` preflight openstack --address 192.168.12.99 --mac 02:e6:c0:a8:0c:63 --node worker-1`,
	}
	p.openstackLogin.add(cmd)
	flags := cmd.Flags()
	p.record.add(flags)
	flags.StringVar(&p.mac, "mac", "", "With --address, the MAC of the router's net1")
	flags.BoolVar(&p.asked.AllNodes, "all-nodes", false, "The pair on the port of every node that the router could run on; needs --neutron-backend=openvswitch")
	flags.StringVar(&p.asked.Backend, "neutron-backend", "", "What Neutron works with, where the cloud's operator confirms it: ovn or openvswitch")
	flags.IntVar(&p.asked.MaxPairs, "max-pairs", 0, "How many pairs the cloud allows a port (max_allowed_address_pair); 0 is Neutron's default, 10")
	flags.BoolVar(&p.asked.Prune, "prune", false, "Remove pairs that were added for a router and are no longer needed")
	flags.BoolVar(&p.asked.Reserve, "reserve", false, "Keep Neutron from giving the address away, with a port of its own")
	return cmd
}

func (p *openstackPreflight) prepare(_ context.Context, o *platformOptions) (*preparation, error) {
	mac := p.mac
	var err error
	if mac != "" {
		if mac, err = egress.ParseMAC(mac); err != nil {
			return nil, invalid(fmt.Errorf("--mac: %w", err))
		}
	}
	p.asked.Run, p.asked.Concurrency = o.rerun, o.concurrency
	switch {
	case o.address == "" && mac != "":
		err = errors.New("--mac goes with --address: a router's own MAC is known")
	case o.address != "" && mac == "":
		err = fmt.Errorf("--address %s needs --mac: a pair is an IP and a MAC", o.address)
	default:
		err = p.asked.Validate()
	}
	if err != nil {
		return nil, invalid(err)
	}
	return &preparation{mac: mac, allNodes: p.asked.AllNodes, connect: func(ctx context.Context, l *look) (platform.Adapter, error) {
		return p.keeper(ctx, o, l)
	}}, nil
}

// keeper makes the adapter for what l shows, or for a cluster that was not looked at, which keeps records.
func (p *openstackPreflight) keeper(ctx context.Context, o *platformOptions, l *look) (platform.Adapter, error) {
	asked := p.asked
	var client *cluster.Client
	var err error
	if l != nil {
		asked.Nodes, client = nodesOf(l.Snapshot), l.client
		o.noteForged(l.routers())
	} else if client, err = o.client(egress.ManagedByValue); err != nil {
		return nil, err
	}
	cloud, err := p.cloud(ctx, o.factory)
	if err != nil {
		return nil, err
	}
	if client == nil {
		return openstack.New(cloud, asked)
	}
	records, pairs, err := p.record.read(ctx, o.factory, client)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(pairs, func(router string, _ []openstack.Pair) bool { return l != nil && !l.reportsKey(router) })
	asked.Recorded = pairs
	return openstack.NewKeeper(cloud, asked, orSaved{records.Making(func(what string) { o.note("%s", what) }), o})
}
