package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/audit"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
)

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
	l.addAddress(flags)
	flags.BoolVar(&l.persist, "vsphere-persist-session", true, "Keep the session in a file that govc shares [GOVC_PERSIST_SESSION]")
	flags.BoolVar(&l.fromCluster, "use-cluster-credentials", false,
		"Take the credentials from OpenShift's Secret "+vsphereSecretNamespace+"/"+vsphereSecretName)
}

// addAddress adds the flags that say where the vCenter is, and whether it is the one.
func (l *vsphereLogin) addAddress(flags *pflag.FlagSet) {
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

// addRequire adds --require; where is set before what it means.
func addRequire(flags *pflag.FlagSet, value *string, where string) {
	flags.StringVar(value, "require", vsphere.RequireMinimal, where+"minimal (what macvlan needs) or docs (all three that OpenShift's documentation names)")
}

// vspherePreflight are the flags of preflight that are vSphere's own.
type vspherePreflight struct {
	vsphereLogin
	// asked are the adapter's, as far as flags say.
	asked vsphere.Options
}

func (p *vspherePreflight) command(name string) *cobra.Command {
	cmd := &cobra.Command{
		Short: "Check, and with --fix set, the security policies of the nodes' port groups",
		Long: `A virtual switch drops the frames of an egress router unless the policy of the node's port group lets
foreign MACs out and in. This finds the policy that is in effect for every node that a router could run
on, on every host that the node's virtual machine could run on, and with --fix changes the least that
works, on the port group alone.

Credentials are those of govc: the variables GOVC_*. Without --fix and --revert nothing is written.`,
		Example: `  # What is in effect
  ` + name + ` preflight vsphere -A --vsphere-url vcenter.example.com

  # Set it, and keep what was there
  ` + name + ` preflight vsphere partner-a --fix --save policies.json

  # For whoever holds the rights
  ` + name + ` preflight vsphere partner-a -o commands`,
	}
	p.vsphereLogin.add(cmd)
	flags := cmd.Flags()
	addRequire(flags, &p.asked.Require, "")
	flags.StringVar(&p.asked.Scope, "scope", vsphere.ScopePortGroup, "portgroup, or vswitch: the standard switch, and so all that inherit from it")
	flags.BoolVar(&p.asked.UseMACLearning, "use-mac-learning", false, "Turn MAC learning on, not promiscuous mode, where the switch has it")
	return cmd
}

// prepare makes the adapter, which logs in when it is first used: what is wrong with the flags and the environment is
// told before the cluster is read.
func (p *vspherePreflight) prepare(ctx context.Context, o *platformOptions) (*preparation, error) {
	p.asked.Run, p.asked.Concurrency, p.asked.Log = o.rerun, o.concurrency, o.requestLog()
	creds, err := p.credentials(ctx, o.factory)
	if err != nil {
		return nil, err
	}
	adapter, err := vsphere.New(creds, p.asked)
	if err != nil {
		return nil, invalid(err)
	}
	return &preparation{allNodes: true, connect: func(context.Context, *look) (platform.Adapter, error) { return adapter, nil }}, nil
}

// vsphereSync audits the policies in effect.
type vsphereSync struct {
	login   vsphereLogin
	require string
}

func (*vsphereSync) words(name string) syncWords {
	return syncWords{
		does: "audit the policies of the nodes' port groups",
		about: `On vSphere nothing moves with pods, but policies drift: a new host joins, somebody sets Promiscuous back, a new
node's virtual machine is on another port group. There it audits what preflight vsphere audits, regularly and
whenever the cluster changes, and says by Events, metrics and its log where a router's frames would be dropped.
Nothing is ever written to vCenter: that is left to preflight vsphere --fix. Credentials are those of govc (the
variables GOVC_*; a session is never kept in a file).`,
		example: `  # Hear of it when a policy no longer lets a router's frames through
  ` + name + ` sync vsphere --vsphere-url vcenter.example.com`,
	}
}

func (s *vsphereSync) add(flags *pflag.FlagSet) {
	s.login.addAddress(flags)
	addRequire(flags, &s.require, "On vSphere: ")
}

func (s *vsphereSync) validate() error { return nil }

func (s *vsphereSync) complete(ctx context.Context, f *factory, fromCluster bool, o *controller.Options) error {
	s.login.fromCluster = fromCluster
	var flags []string
	if s.require != vsphere.RequireMinimal {
		flags = []string{"--require=" + s.require}
	}
	f.audits(o, vsphere.Platform(), flags, func(ctx context.Context) (audit.Auditor, error) { return s.auditor(ctx, f) })
	_, err := s.auditor(ctx, f)
	if _, wrong := errors.AsType[*exitError](err); wrong {
		return err
	}
	return nil
}

// auditor is an adapter that is not connected yet. No file keeps its session, which is nobody else's: whatever
// GOVC_PERSIST_SESSION says, it logs out. So it takes a user.
func (s *vsphereSync) auditor(ctx context.Context, f *factory) (*vsphere.Adapter, error) {
	creds, err := s.login.credentials(ctx, f)
	if err != nil {
		return nil, err
	}
	for i := range creds {
		creds[i].PersistSession = false
		if creds[i].Username == "" {
			return nil, invalid(fmt.Errorf("no user of vCenter %s is given: set GOVC_USERNAME and GOVC_PASSWORD", creds[i].URL))
		}
	}
	adapter, err := vsphere.New(creds, vsphere.Options{Require: s.require, Log: f.requestLog()})
	return adapter, invalid(err)
}
