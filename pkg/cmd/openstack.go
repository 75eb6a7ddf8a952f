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

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
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

// connect makes the adapter for the cloud that the flags name.
func (l *openstackLogin) connect(ctx context.Context, f *factory, o openstack.Options) (*openstack.Adapter, error) {
	cloud, err := l.cloud(ctx, f)
	if err != nil {
		return nil, err
	}
	return openstack.New(cloud, o)
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
		return 0, fmt.Errorf("--request-timeout %s is no time: write it as 10s", *f.config.Timeout)
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

// recordOf is what the annotations of object, as a person would name it, say was written to Neutron.
func recordOf(object string, annotations map[string]string) ([]openstack.Pair, error) {
	pairs, err := openstack.Decode(annotations[egress.AnnotationOpenStack])
	if err != nil {
		return nil, fmt.Errorf("the annotation %s of %s: %w", egress.AnnotationOpenStack, object, err)
	}
	return pairs, nil
}

// records are what the routers' annotations say was written to Neutron for them.
func records(routers []snapshot.Router) (map[string][]openstack.Pair, error) {
	out := map[string][]openstack.Pair{}
	for _, r := range routers {
		key := egress.Key(&r.EgressRouter)
		pairs, err := recordOf("egress router "+key, r.Annotations)
		if err != nil {
			return nil, err
		}
		if pairs != nil {
			out[key] = pairs
		}
	}
	return out, nil
}

// written is what was written to Neutron for a router, as recorded on what is to be deleted.
func written(remains *apply.Remains) ([]openstack.Pair, error) {
	for _, object := range remains.Objects {
		pairs, err := recordOf(cluster.Name(object), object.GetAnnotations())
		if pairs != nil || err != nil {
			return pairs, err
		}
	}
	return nil, nil
}
