package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
)

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
	p.asked.Command, p.asked.Concurrency, p.asked.Log = finding.Command(o.name), o.concurrency, o.requestLog()
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
