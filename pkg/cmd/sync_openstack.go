package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/neutron"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// syncRequestTimeout is short: a request that hangs holds up all routers, and what failed is done again.
const syncRequestTimeout = 15 * time.Second

// openstackSync keeps Neutron in step.
type openstackSync struct {
	login                 openstackLogin
	concurrency, maxPairs int
}

func (*openstackSync) words(name string) syncWords {
	return syncWords{
		does: "keep Neutron in step while pods move",
		about: `On OpenStack it keeps the allowed-address pair of each router on the port of the node where its pod runs: a pod
that moves gets the pair there, and the old one is removed. Only pairs that this tool wrote are ever removed, and
those of a router that is deleted while this runs are. Credentials are those of OpenStack's own client (clouds.yaml
with OS_CLOUD or --os-cloud, or the variables OS_*).`,
		example: `  # Keep Neutron in step, in a terminal
  ` + name + ` sync openstack --os-cloud k8s`,
	}
}

func (s *openstackSync) add(flags *pflag.FlagSet) {
	s.login.addCloud(flags)
	flags.IntVar(&s.concurrency, "concurrency", openstack.DefaultConcurrency, "On OpenStack: how many ports to write at a time")
	flags.IntVar(&s.maxPairs, "max-pairs", 0, "On OpenStack: how many pairs the cloud allows a port (max_allowed_address_pair); 0 is Neutron's default, 10")
}

func (s *openstackSync) validate() error {
	switch {
	case s.concurrency < 1:
		return fmt.Errorf("--concurrency %d: write 1 or more", s.concurrency)
	case s.maxPairs < 0:
		return fmt.Errorf("--max-pairs %d: write 1 or more, or 0 for Neutron's default", s.maxPairs)
	}
	return nil
}

func (s *openstackSync) complete(ctx context.Context, f *factory, fromCluster bool, o *controller.Options) error {
	s.login.fromCluster, s.login.requestTimeout = fromCluster, syncRequestTimeout
	connect := func(ctx context.Context, log func(string, ...any)) (*openstack.Cloud, error) {
		also := f.requestLog()
		return s.login.loggedCloud(ctx, f, func(format string, args ...any) {
			if log != nil {
				log(format, args...)
			}
			if also != nil {
				also(format, args...)
			}
		})
	}
	o.Work = neutron.New(neutron.Options{
		Connect: connect, Records: apply.NewRecords(o.Client, egress.AnnotationOpenStack, nil), Concurrency: s.concurrency, MaxPairs: s.maxPairs,
	})
	if _, err := connect(ctx, nil); errors.Is(err, openstack.ErrInput) || errors.Is(err, platform.ErrCredentials) {
		return err
	}
	return nil
}
