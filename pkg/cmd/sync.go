package cmd

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
)

type syncFlags struct {
	openstackLogin        openstackLogin
	vsphereLogin          vsphereLogin
	require               string
	concurrency, maxPairs int
	resync                time.Duration
	listen                string
	leaderElect           bool
	lease                 string
	// changed reports whether a flag was given.
	changed func(flag string) bool
}

func newSyncCommand(f *factory) *cobra.Command {
	// One that hangs holds up all routers, and what failed is done again.
	s := &syncFlags{openstackLogin: openstackLogin{requestTimeout: 15 * time.Second}}
	cmd := &cobra.Command{
		Use:   "sync [openstack|vsphere]",
		Short: "Keep Neutron in step while routers' pods move, or watch over vSphere's policies",
		Long: `Watches the egress routers of the whole cluster, their pods and the nodes. Without a platform's name the cluster
tells which it is; where it does not, OpenStack is taken.

On OpenStack it keeps the allowed-address pair of each router on the port of the node where its pod runs: a pod
that moves gets the pair there, and the old one is removed. Only pairs that this tool wrote are ever removed, and
those of a router that is deleted while this runs are.

On vSphere nothing moves with pods, but policies drift: a new host joins, somebody sets Promiscuous back, a new
node's virtual machine is on another port group. There it audits what preflight vsphere audits, now and then and
whenever the cluster changes, and says by Events, metrics and its log where a router's frames would be dropped.
Nothing is ever written to vCenter: that is left to preflight vsphere --fix.

It runs until it is interrupted: in a terminal, or as the Deployment of deploy/sync or deploy/sync/vsphere. Of
several with --leader-elect one works; the Lease is in the namespace of -n, else the current one.

Credentials are those of OpenStack's own client (clouds.yaml with OS_CLOUD or --os-cloud, or the variables OS_*)
and of govc (the variables GOVC_*; a session is never kept in a file).`,
		Example: `  # In a terminal
  ` + f.name + ` sync --os-cloud k8s

  # With metrics and health checks
  ` + f.name + ` sync openstack --os-cloud k8s --listen 127.0.0.1:8080

  # Hear of it when a policy no longer lets a router's frames through
  ` + f.name + ` sync vsphere --vsphere-url vcenter.example.com`,
		Args: func(_ *cobra.Command, args []string) error {
			_, err := namedPlatform(args)
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd.Context(), f, args) },
	}
	cmd.ValidArgsFunction = completeSyncPlatform
	s.add(cmd)
	return cmd
}

func (s *syncFlags) add(cmd *cobra.Command) {
	s.openstackLogin.add(cmd)
	s.vsphereLogin.addAddress(cmd)
	flags := cmd.Flags()
	s.changed = flags.Changed
	flags.Lookup("use-cluster-credentials").Usage = fmt.Sprintf("Take the credentials from OpenShift's Secret %s/%s, for vSphere %s/%s",
		cloudSecretNamespace, cloudSecretName, vsphereSecretNamespace, vsphereSecretName)
	flags.StringVar(&s.require, "require", vsphere.RequireMinimal, "On vSphere: minimal (what macvlan needs) or docs (all three that OpenShift's documentation names)")
	flags.IntVar(&s.concurrency, "concurrency", openstack.DefaultConcurrency, "On OpenStack: how many ports to write at a time")
	flags.IntVar(&s.maxPairs, "max-pairs", 0, "On OpenStack: how many pairs the cloud allows a port (max_allowed_address_pair); 0 is Neutron's default, 10")
	flags.DurationVar(&s.resync, "resync", 5*time.Minute, "How often to compare all with the platform although nothing was heard")
	flags.StringVar(&s.listen, "listen", "", "The `ADDRESS:PORT` that serves /metrics, /healthz and /readyz; none without")
	flags.BoolVar(&s.leaderElect, "leader-elect", false, "Let one of several processes work, the one that holds the Lease")
	flags.StringVar(&s.lease, "leader-elect-lease", controller.Name, "The name of that Lease")
}

// namedPlatform is the platform that args name, "" where they name none.
func namedPlatform(args []string) (platform.Name, error) {
	switch {
	case len(args) == 0:
		return "", nil
	case len(args) > 1:
		return "", fmt.Errorf("sync takes one platform, not %s: write openstack or vsphere", strings.Join(args, " and "))
	}
	switch name := platform.Name(args[0]); name {
	case platform.OpenStack, platform.VSphere:
		return name, nil
	}
	return "", fmt.Errorf("%s is no platform: sync takes openstack or vsphere, and works for the routers of the whole cluster", args[0])
}

func completeSyncPlatform(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeChoices(
		cobra.CompletionWithDesc(string(platform.OpenStack), "keep Neutron in step while pods move"),
		cobra.CompletionWithDesc(string(platform.VSphere), "audit the policies of the nodes' port groups"),
	)(cmd, args, toComplete)
}

func (s *syncFlags) validate() error {
	switch {
	case s.concurrency < 1:
		return fmt.Errorf("--concurrency %d: write 1 or more", s.concurrency)
	case s.maxPairs < 0:
		return fmt.Errorf("--max-pairs %d: write 1 or more, or 0 for Neutron's default", s.maxPairs)
	case s.listen != "" && !canListen(s.listen):
		return fmt.Errorf("--listen %s is no address to listen at: write ADDRESS:PORT, such as 127.0.0.1:8080, or :8080 for all", s.listen)
	case s.changed("leader-elect-lease") && !s.leaderElect:
		return fmt.Errorf("--leader-elect-lease names the Lease of --leader-elect: give that too, or leave it out")
	case len(validation.IsDNS1123Subdomain(s.lease)) > 0:
		return fmt.Errorf("--leader-elect-lease %q is no name of an object: write it in small letters, digits and -, such as %s", s.lease, controller.Name)
	case s.resync < time.Second:
		return fmt.Errorf("--resync %s is too short: write 1s or more, such as 5m", s.resync)
	}
	return nil
}

// canListen reports whether address is one with a port; that its host is this machine's is seen later.
func canListen(address string) bool {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(text, 10, 16)
	return err == nil
}

func (s *syncFlags) run(ctx context.Context, f *factory, args []string) error {
	if err := s.validate(); err != nil {
		return invalid(err)
	}
	if err := trustPublicCAs(); err != nil {
		return err
	}
	on, err := s.platform(ctx, f, args)
	if err != nil {
		return err
	}
	o, err := s.options(ctx, f, on)
	if err != nil {
		return err
	}
	err = controller.Run(ctx, o)
	switch {
	case ctx.Err() == nil:
		return err
	case terminated(ctx):
		return nil
	default:
		// Nothing is left to complete: this is how it ends in a terminal.
		return &exitError{code: exitInterrupted}
	}
}

// terminated reports whether it was SIGTERM that ended ctx: the way in which a pod is asked to go.
func terminated(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && cause.Error() == syscall.SIGTERM.String()+" signal received"
}
