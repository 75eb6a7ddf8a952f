// Package neutron starts a real OpenStack Neutron, with the Keystone that it asks who is who, on 127.0.0.1
// from Debian's packages, and puts a cluster's network into it. Where OS_CLOUD is set it makes that
// network in the cloud named there instead, and takes it away again.
//
// Both servers keep their data in SQLite. There is no Nova, no message queue and no agent: ports stay
// down and unbound, and nothing enforces the address pairs. What the API answers is the real thing.
package neutron

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
)

// DefaultMaxPairs is how many address pairs a port may have unless Neutron is configured otherwise.
const DefaultMaxPairs = 10

// Options say what to start, and what to put into it.
type Options struct {
	// Nodes is how many nodes the cluster has; each gets a port.
	Nodes int
	// Trunk makes the port of the first node a trunk that carries a VLAN, where Neutron has trunks.
	Trunk bool
	// CIDR is the cluster's network, a /16; the zero Prefix: 10.20.0.0/16.
	CIDR netip.Prefix
	// MaxPairs is the number of address pairs that a port may have; 0: DefaultMaxPairs. A cloud that runs
	// already has a limit of its own.
	MaxPairs int
	// NewPolicy uses the access rules that later releases have by default, under which a reader writes nothing.
	NewPolicy bool
	// Dir takes the servers' files and what they log; empty: a temporary folder, removed at Close.
	Dir string
	// Log takes progress, a line each; nil: none.
	Log io.Writer
}

// Neutron is a running Neutron with a cluster's network in it.
type Neutron struct {
	Seed
	// CloudsFile is the path of the clouds.yaml that holds the Clouds; empty where OS_CLOUD was set, and
	// gophercloud looks for the file itself.
	CloudsFile string

	settings settings
	servers  []*server
	made     undo
	tempDir  string
	stopOnce sync.Once
	stopErr  error
}

// Start starts Keystone and Neutron and seeds them, or seeds the cloud that OS_CLOUD names. ctx bounds
// the start only: they run until Close.
func Start(ctx context.Context, o Options) (*Neutron, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.MaxPairs == 0 {
		o.MaxPairs = DefaultMaxPairs
	}
	if o.CIDR == (netip.Prefix{}) {
		o.CIDR = netip.MustParsePrefix("10.20.0.0/16")
	}
	begun := time.Now()
	say := func(format string, args ...any) {
		_, _ = fmt.Fprintf(o.Log, "%s (%.1f s)\n", fmt.Sprintf(format, args...), time.Since(begun).Seconds())
	}
	n := &Neutron{}
	start := n.startOwn
	if os.Getenv("OS_CLOUD") != "" {
		start = n.useExisting
	}
	if err := start(ctx, o, say); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// startOwn starts the servers, fills Keystone and then Neutron.
func (n *Neutron) startOwn(ctx context.Context, o Options, say func(string, ...any)) error {
	if err := checkPackages(ctx); err != nil {
		return err
	}
	dir := o.Dir
	if dir == "" {
		temp, err := os.MkdirTemp("", "kubectl-egress-neutron-")
		if err != nil {
			return fmt.Errorf("making a folder for Neutron's files: %w", err)
		}
		dir, n.tempDir = temp, temp
	}
	s, err := newSettings(dir, o)
	if err != nil {
		return err
	}
	if err := s.writeFiles(); err != nil {
		return err
	}
	say("Keystone and Neutron start in %s", dir)
	n.settings = s
	if err := n.startServers(ctx, s); err != nil {
		return err
	}
	say("Keystone and Neutron answer")

	clouds, err := fillKeystone(ctx, s)
	if err != nil {
		return err
	}
	n.CloudsFile = s.path("clouds.yaml")
	if err := clouds.write(n.CloudsFile); err != nil {
		return err
	}
	say("users and projects are in Keystone")

	n.Seed = Seed{Keystone: s.keystoneURL(), MaxPairs: o.MaxPairs, Clouds: cloudNames()}
	if err := n.fillNetwork(ctx, o); err != nil {
		return err
	}
	if err := n.fillOthers(ctx); err != nil {
		return err
	}
	say("a network with %d node ports is in Neutron", o.Nodes)
	return n.Seed.write(s.path("seed.json"))
}

// useExisting makes the network in the cloud that OS_CLOUD names.
func (n *Neutron) useExisting(ctx context.Context, o Options, say func(string, ...any)) error {
	n.Seed.Clouds.Owner = os.Getenv("OS_CLOUD")
	if err := n.fillNetwork(ctx, o); err != nil {
		return err
	}
	say("a network with %d node ports is in cloud %s", o.Nodes, n.Clouds.Owner)
	return nil
}

// Client is a client of Neutron's API with the rights of one of the Clouds.
func (n *Neutron) Client(ctx context.Context, cloud string) (*gophercloud.ServiceClient, error) {
	provider, endpoint, err := n.login(ctx, cloud)
	if err != nil {
		return nil, err
	}
	return networkClient(provider, endpoint)
}

// Token is a token with the rights of one of the Clouds.
func (n *Neutron) Token(ctx context.Context, cloud string) (string, error) {
	provider, _, err := n.login(ctx, cloud)
	if err != nil {
		return "", err
	}
	return provider.Token(), nil
}

// Env is what a process needs in its environment to act as one of the Clouds.
func (n *Neutron) Env(cloud string) []string {
	env := []string{"OS_CLOUD=" + cloud}
	if n.CloudsFile != "" {
		env = append(env, "OS_CLIENT_CONFIG_FILE="+n.CloudsFile)
	}
	return env
}

// Close ends the servers and removes the temporary folder; in a cloud that ran already it deletes what
// Start made there and nothing else. A second call returns what the first did.
func (n *Neutron) Close() error {
	n.stopOnce.Do(func() {
		var errs []error
		if len(n.servers) == 0 {
			errs = append(errs, n.made.run())
		}
		for _, s := range n.servers {
			errs = append(errs, s.stop())
		}
		if n.tempDir != "" {
			errs = append(errs, os.RemoveAll(n.tempDir))
		}
		n.stopErr = errors.Join(errs...)
	})
	return n.stopErr
}
