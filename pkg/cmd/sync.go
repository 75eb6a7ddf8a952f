package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/sync"
)

type syncFlags struct {
	openstackLogin
	concurrency, maxPairs int
	resync                time.Duration
	listen                string
	leaderElect           bool
	lease                 string
}

func newSyncCommand(f *factory) *cobra.Command {
	s := &syncFlags{}
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Keep Neutron in step while routers' pods move",
		Long: `Watches the egress routers of the whole cluster and their pods, and keeps the allowed-address pair of each on the
port of the node where its pod runs: a pod that moves gets the pair there, and the old one is removed. Only pairs
that this tool wrote are ever removed, and those of a router that is deleted while this runs are.

It runs until it is interrupted: in a terminal, or as the Deployment of deploy/sync. Of several with
--leader-elect one writes; the Lease is in the namespace of -n, else the current one.

Credentials are those of OpenStack's own client: clouds.yaml with OS_CLOUD or --os-cloud, or the variables OS_*.
vSphere needs no such thing: its policies are of networks and not of nodes; see preflight vsphere.`,
		Example: `  # In a terminal
  ` + f.name + ` sync --os-cloud k8s

  # With metrics and health checks
  ` + f.name + ` sync --os-cloud k8s --listen 127.0.0.1:8080`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("sync takes no arguments: it works for the routers of the whole cluster")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context(), f) },
	}
	s.add(cmd)
	flags := cmd.Flags()
	flags.IntVar(&s.concurrency, "concurrency", openstack.DefaultConcurrency, "How many ports to write at a time")
	flags.IntVar(&s.maxPairs, "max-pairs", 0, "How many pairs the cloud allows a port (max_allowed_address_pair); 0 is Neutron's default, 10")
	flags.DurationVar(&s.resync, "resync", 5*time.Minute, "How often to compare all with Neutron although nothing was heard")
	flags.StringVar(&s.listen, "listen", "", "The `ADDRESS:PORT` that serves /metrics, /healthz and /readyz; none without")
	flags.BoolVar(&s.leaderElect, "leader-elect", false, "Let one of several processes write, the one that holds the Lease")
	flags.StringVar(&s.lease, "leader-elect-lease", sync.Controller, "The name of that Lease")
	return cmd
}

func (s *syncFlags) validate() error {
	switch {
	case s.concurrency < 1:
		return fmt.Errorf("--concurrency %d: write 1 or more", s.concurrency)
	case s.maxPairs < 0:
		return fmt.Errorf("--max-pairs %d: write 1 or more, or 0 for Neutron's default", s.maxPairs)
	case s.resync < time.Second:
		return fmt.Errorf("--resync %s is too short: write 1s or more, such as 5m", s.resync)
	}
	return nil
}

func (s *syncFlags) run(ctx context.Context, f *factory) error {
	if err := s.validate(); err != nil {
		return invalid(err)
	}
	if err := trustPublicCAs(); err != nil {
		return err
	}
	o, err := s.options(f)
	if err != nil {
		return err
	}
	// Bad credentials are told at once, and not to a log that nobody reads.
	if _, err := o.Connect(ctx, nil); errors.Is(err, openstack.ErrInput) {
		return err
	}
	err = sync.Run(ctx, o)
	if ctx.Err() != nil && terminated(ctx) {
		return nil
	}
	return err
}

// terminated tells whether it was SIGTERM that ended ctx: the way in which a pod is asked to go.
func terminated(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && cause.Error() == syscall.SIGTERM.String()+" signal received"
}

func (s *syncFlags) options(f *factory) (sync.Options, error) {
	cfg, err := f.restConfig()
	if err != nil {
		return sync.Options{}, err
	}
	client, err := cluster.New(cfg, egress.ManagedByValue)
	if err != nil {
		return sync.Options{}, err
	}
	o := sync.Options{
		Config: cfg, Client: client, Concurrency: s.concurrency, MaxPairs: s.maxPairs, Resync: s.resync, Listen: s.listen,
		Log: slog.New(slog.NewTextHandler(f.ErrOut, nil)),
	}
	o.Listening = func(address string) { o.Log.Info("listening", "address", address) }
	o.Connect = func(ctx context.Context, log func(string, ...any)) (*openstack.Cloud, error) {
		also := f.requestLog()
		return s.loggedCloud(ctx, f, func(format string, args ...any) {
			if log != nil {
				log(format, args...)
			}
			if also != nil {
				also(format, args...)
			}
		})
	}
	if !s.leaderElect {
		return o, nil
	}
	namespace, _, err := f.currentNamespace()
	if err != nil {
		return o, invalid(err)
	}
	host, err := os.Hostname()
	if err != nil {
		return o, fmt.Errorf("asking for the name of this machine: %w", err)
	}
	o.Election = &cluster.Election{Namespace: namespace, Name: s.lease, Identity: host + "_" + string(uuid.NewUUID())}
	return o, nil
}
