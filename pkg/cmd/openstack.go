package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/neutron"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// Where OpenShift keeps the clouds.yaml that its own controllers use.
const (
	cloudSecretNamespace = "kube-system"
	cloudSecretName      = "openstack-credentials"
)

// openstackLogin are the flags that say which cloud, and as whom.
type openstackLogin struct {
	osCloud     string
	fromCluster bool
	// requestTimeout is for one request where the user says nothing; 0: the client's own.
	requestTimeout time.Duration
}

func (l *openstackLogin) add(cmd *cobra.Command) {
	l.addCloud(cmd.Flags())
	cmd.Flags().BoolVar(&l.fromCluster, "use-cluster-credentials", false,
		"Take the credentials from OpenShift's Secret "+cloudSecretNamespace+"/"+cloudSecretName)
}

func (l *openstackLogin) addCloud(flags *pflag.FlagSet) {
	flags.StringVar(&l.osCloud, "os-cloud", "", "The entry of clouds.yaml to use [OS_CLOUD]")
}

func (l *openstackLogin) cloud(ctx context.Context, f *factory) (*openstack.Cloud, error) {
	return l.loggedCloud(ctx, f, f.requestLog())
}

// loggedCloud is cloud, with each request told to log.
func (l *openstackLogin) loggedCloud(ctx context.Context, f *factory, log func(string, ...any)) (*openstack.Cloud, error) {
	c := openstack.Credentials{Cloud: l.osCloud, UserAgent: "kubectl-egress/" + f.version, Log: log}
	var err error
	if c.RequestTimeout, err = f.requestTimeout(); err != nil {
		return nil, invalid(err)
	}
	c.RequestTimeout = cmp.Or(c.RequestTimeout, l.requestTimeout)
	if l.fromCluster {
		data, err := f.secret(ctx, cloudSecretNamespace, cloudSecretName)
		if err != nil {
			return nil, err
		}
		c.CloudsYAML, c.CACert = data["clouds.yaml"], data["cacert"]
		if len(c.CloudsYAML) == 0 {
			return nil, fmt.Errorf("secret %s in namespace %s has no clouds.yaml: leave --use-cluster-credentials out, and use --os-cloud",
				cloudSecretName, cloudSecretNamespace)
		}
	}
	cloud, err := openstack.Connect(ctx, c)
	if errors.Is(err, openstack.ErrInput) {
		return nil, invalid(err)
	}
	return cloud, err
}

// requestLog is where the requests to a platform are noted with -v=6 and more; nil below. Headers and bodies
// never are.
func (f *factory) requestLog() func(string, ...any) {
	if f.verbosity < requestVerbosity {
		return nil
	}
	return klog.Infof
}

// requestVerbosity is the -v from which kubectl shows its requests.
const requestVerbosity = 6

// requestTimeout is kubectl's --request-timeout; 0 for none.
func (f *factory) requestTimeout() (time.Duration, error) {
	if f.config.Timeout == nil || *f.config.Timeout == "" {
		return 0, nil
	}
	d, err := clientcmd.ParseTimeout(*f.config.Timeout)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("invalid --request-timeout %s: write a duration such as 10s", *f.config.Timeout)
	}
	return d, nil
}

// secret reads a Secret that the user opted in to.
func (f *factory) secret(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	client, err := f.client(egress.ManagedByValue)
	if err != nil {
		return nil, err
	}
	return read.Secret(ctx, client, namespace, name)
}

// syncRequestTimeout is short: a request that hangs holds up all routers, and what failed is done again.
const syncRequestTimeout = 15 * time.Second

// openstackSync keeps Neutron in step.
type openstackSync struct {
	login                 openstackLogin
	record                recordFlags
	concurrency, maxPairs int
}

func (*openstackSync) words(name string) syncWords {
	return syncWords{
		does: "keep Neutron in step while pods move",
		about: `On OpenStack it keeps the allowed-address pair of each router on the port of the node where its pod runs: a pod
that moves gets the pair there, and the old one is removed. Only pairs that this tool wrote are ever removed, those of
routers that are deleted among them. Credentials are those of OpenStack's own client (clouds.yaml
with OS_CLOUD or --os-cloud, or the variables OS_*).`,
		example: `  # Keep Neutron in step, in a terminal
  ` + name + ` sync openstack --os-cloud k8s`,
	}
}

func (s *openstackSync) add(flags *pflag.FlagSet) {
	s.login.addCloud(flags)
	s.record.add(flags)
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
	o.Mirror, o.Work = neutron.Mirror(), neutron.New(neutron.Options{
		Caller: f.caller(), Connect: connect, Records: apply.NewRecords(o.Client, s.record.namespace), Concurrency: s.concurrency, MaxPairs: s.maxPairs,
	})
	if _, err := connect(ctx, nil); errors.Is(err, openstack.ErrInput) || errors.Is(err, platform.ErrCredentials) {
		return err
	}
	return nil
}
