package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/audit"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/neutron"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
)

// options are what sync needs to run. Bad credentials are told at once, and not to a log that nobody reads.
func (s *syncFlags) options(ctx context.Context, f *factory, on platform.Name) (controller.Options, error) {
	cfg, err := f.restConfig()
	if err != nil {
		return controller.Options{}, err
	}
	client, err := cluster.New(cfg, egress.ManagedByValue)
	if err != nil {
		return controller.Options{}, err
	}
	o := controller.Options{
		Config: cfg, Client: client, Resync: s.resync, Listen: s.listen,
		Log: slog.New(slog.NewTextHandler(f.ErrOut, nil)),
	}
	o.Listening = func(address string) { o.Log.Info("listening", "address", address) }
	if on == platform.VSphere {
		err = s.auditing(ctx, f, &o)
	} else {
		err = s.writing(ctx, f, &o)
	}
	if err != nil {
		return o, err
	}
	o.Election, err = s.election(f)
	return o, err
}

// writing sets what OpenStack takes.
func (s *syncFlags) writing(ctx context.Context, f *factory, o *controller.Options) error {
	connect := func(ctx context.Context, log func(string, ...any)) (*openstack.Cloud, error) {
		also := f.requestLog()
		return s.openstackLogin.loggedCloud(ctx, f, func(format string, args ...any) {
			if log != nil {
				log(format, args...)
			}
			if also != nil {
				also(format, args...)
			}
		})
	}
	o.Work = neutron.New(neutron.Options{
		Connect: connect, Records: o.Client.NewRecords(egress.AnnotationOpenStack, nil), Concurrency: s.concurrency, MaxPairs: s.maxPairs,
	})
	if _, err := connect(ctx, nil); errors.Is(err, openstack.ErrInput) || errors.Is(err, platform.ErrCredentials) {
		return err
	}
	return nil
}

// auditing sets what vSphere takes.
func (s *syncFlags) auditing(ctx context.Context, f *factory, o *controller.Options) error {
	s.vsphereLogin.fromCluster = s.openstackLogin.fromCluster
	work := audit.Options{
		Connect: func(ctx context.Context) (audit.Auditor, error) { return s.auditor(ctx, f) },
		Title:   platform.VSphere.Title(), Preflight: "kubectl egress preflight " + string(platform.VSphere),
	}
	if s.require != vsphere.RequireMinimal {
		work.Flags = "--require=" + s.require
	}
	o.Work, o.Mirror = audit.New(work), audit.Mirror()
	var wrong *exitError
	if _, err := s.auditor(ctx, f); errors.As(err, &wrong) {
		return err
	}
	return nil
}

// auditor is an adapter that is not connected yet. No file keeps its session, which is nobody else's: whatever
// GOVC_PERSIST_SESSION says, it logs out. So it takes a user.
func (s *syncFlags) auditor(ctx context.Context, f *factory) (*vsphere.Adapter, error) {
	creds, err := s.vsphereLogin.credentials(ctx, f)
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

// election is how it is settled which of several processes works; nil where that is this one.
func (s *syncFlags) election(f *factory) (*controller.Election, error) {
	if !s.leaderElect {
		return nil, nil
	}
	namespace, _, err := f.currentNamespace()
	if err != nil {
		return nil, invalid(err)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("asking for the name of this machine: %w", err)
	}
	return &controller.Election{Namespace: namespace, Name: s.lease, Identity: host + "_" + string(uuid.NewUUID())}, nil
}
