package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
)

type vsphereFlags struct {
	platformFlags
	vsphereLogin
	require        string
	scope          string
	useMACLearning bool
}

func newPreflightVSphereCommand(f *factory) *cobra.Command {
	p := &vsphereFlags{platformFlags: newPlatformFlags()}
	cmd := &cobra.Command{
		Use:   "vsphere [NAME...]",
		Short: "Check, and with --fix set, the security policies of the nodes' port groups",
		Long: `A virtual switch drops the frames of an egress router unless the policy of the node's port group lets
foreign MACs out and in. This finds the policy that is in effect for every node that a router could run
on, on every host that the node's virtual machine could run on, and with --fix changes the least that
works, on the port group alone.

Credentials are those of govc: the variables GOVC_*. Without --fix and --revert nothing is written.`,
		Example: `  # What is in effect
  ` + f.name + ` preflight vsphere -A --vsphere-url vcenter.example.com

  # Set it, and keep what was there
  ` + f.name + ` preflight vsphere partner-a --fix --save policies.json

  # For whoever holds the rights
  ` + f.name + ` preflight vsphere partner-a -o commands`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), f, args) },
	}
	cmd.ValidArgsFunction = f.completeRouters(anyNumber)
	p.platformFlags.add(cmd, "vCenter")
	p.vsphereLogin.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&p.require, "require", vsphere.RequireMinimal, "minimal (what macvlan needs) or docs (all three that OpenShift's documentation names)")
	flags.StringVar(&p.scope, "scope", vsphere.ScopePortGroup, "portgroup, or vswitch: the standard switch, and so all that inherit from it")
	flags.BoolVar(&p.useMACLearning, "use-mac-learning", false, "Turn MAC learning on, not promiscuous mode, where the switch has it")
	return cmd
}

func (p *vsphereFlags) run(ctx context.Context, f *factory, args []string) (err error) {
	o, err := p.complete(f, args)
	if err != nil {
		return invalid(err)
	}
	adapter, err := p.connect(ctx, f, p.options(f))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing(ctx, adapter)) }()
	if o.revert != "" {
		return o.putBack(ctx, platform.VSphere, func() (platform.Adapter, string, error) { return adapter, adapter.Where(), nil })
	}
	l, err := o.lookFlags.read(ctx, f, args)
	if err != nil {
		return err
	}
	return p.look(ctx, o, l, adapter)
}

func (p *vsphereFlags) options(f *factory) vsphere.Options {
	return vsphere.Options{
		Require: p.require, Scope: p.scope, UseMACLearning: p.useMACLearning, Concurrency: p.concurrency, Log: f.requestLog(),
	}
}

// look plans for what l shows, and goes on as the flags say.
func (p *vsphereFlags) look(ctx context.Context, o *platformOptions, l *look, adapter *vsphere.Adapter) error {
	need, err := o.attachments(l, "", true)
	if err != nil {
		return err
	}
	return (&onPlatform{platformOptions: o, look: l, need: need, adapter: adapter}).run(ctx)
}

// closing logs out, also where the run was interrupted.
func closing(ctx context.Context, adapter *vsphere.Adapter) error {
	if err := adapter.Close(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("logging out of vCenter: %w", err)
	}
	return nil
}

// Where OpenShift keeps the vCenters' credentials that its own controllers use.
const (
	vsphereSecretNamespace = "kube-system"
	vsphereSecretName      = "vsphere-creds"
)

// vsphereLogin are the flags that say which vCenter, each in place of a variable of govc.
type vsphereLogin struct {
	url         string
	insecure    bool
	caCerts     string
	persist     bool
	fromCluster bool
	// changed reports whether a flag was given.
	changed func(flag string) bool
}

func (l *vsphereLogin) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	l.addAddress(cmd)
	flags.BoolVar(&l.persist, "vsphere-persist-session", true, "Keep the session in a file that govc shares [GOVC_PERSIST_SESSION]")
	flags.BoolVar(&l.fromCluster, "use-cluster-credentials", false,
		"Take the credentials from OpenShift's Secret "+vsphereSecretNamespace+"/"+vsphereSecretName)
}

// addAddress adds the flags that say where the vCenter is, and whether it is the one.
func (l *vsphereLogin) addAddress(cmd *cobra.Command) {
	flags := cmd.Flags()
	l.changed = flags.Changed
	flags.StringVar(&l.url, "vsphere-url", "", "The vCenter, as host, host:port or URL [GOVC_URL]")
	flags.BoolVar(&l.insecure, "vsphere-insecure", false, "Do not verify the vCenter's certificate [GOVC_INSECURE]")
	flags.StringVar(&l.caCerts, "vsphere-tls-ca-certs", "", "Files of CA certificates, separated as in PATH [GOVC_TLS_CA_CERTS]")
}

// getenv is the environment, where the flags that were given take the place of their variables.
func (l *vsphereLogin) getenv(name string) string {
	for flag, value := range map[string][2]string{
		"vsphere-url":             {"GOVC_URL", l.url},
		"vsphere-insecure":        {"GOVC_INSECURE", strconv.FormatBool(l.insecure)},
		"vsphere-tls-ca-certs":    {"GOVC_TLS_CA_CERTS", l.caCerts},
		"vsphere-persist-session": {"GOVC_PERSIST_SESSION", strconv.FormatBool(l.persist)},
	} {
		if name == value[0] && l.changed(flag) {
			return value[1]
		}
	}
	return os.Getenv(name)
}

func (l *vsphereLogin) connect(ctx context.Context, f *factory, o vsphere.Options) (*vsphere.Adapter, error) {
	creds, err := l.credentials(ctx, f)
	if err != nil {
		return nil, err
	}
	adapter, err := vsphere.New(creds, o)
	return adapter, invalid(err)
}

func (l *vsphereLogin) credentials(ctx context.Context, f *factory) ([]vsphere.Credentials, error) {
	if !l.fromCluster {
		creds, err := vsphere.CredentialsFromEnv(l.getenv)
		return creds, invalid(err)
	}
	base, err := vsphere.BaseFromEnv(l.getenv)
	if err != nil {
		return nil, invalid(err)
	}
	data, err := f.secret(ctx, vsphereSecretNamespace, vsphereSecretName)
	if err != nil {
		return nil, err
	}
	creds, err := vsphere.CredentialsFromSecret(data, base)
	if err != nil {
		return nil, fmt.Errorf("secret %s in namespace %s: %w", vsphereSecretName, vsphereSecretNamespace, err)
	}
	return creds, nil
}
