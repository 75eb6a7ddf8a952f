package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/audit"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
)

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
	flags := ""
	if s.require != vsphere.RequireMinimal {
		flags = "--require=" + s.require
	}
	f.audits(o, vsphere.Platform(), flags, func(ctx context.Context) (audit.Auditor, error) { return s.auditor(ctx, f) })
	var wrong *exitError
	if _, err := s.auditor(ctx, f); errors.As(err, &wrong) {
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
