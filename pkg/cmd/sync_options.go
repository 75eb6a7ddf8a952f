package cmd

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/audit"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// options are what sync needs to run on a platform.
func (s *syncFlags) options(ctx context.Context, f *factory, on platformRow) (controller.Options, error) {
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
	if err = s.on[on.Name].complete(ctx, f, s.fromCluster, &o); err != nil {
		return o, err
	}
	o.Election, err = s.election(f)
	return o, err
}

// audits has sync audit a platform by what connect makes. flags are those with which preflight asks for the same.
func (f *factory) audits(o *controller.Options, on platform.Platform, flags string, connect func(context.Context) (audit.Auditor, error)) {
	o.Mirror, o.Work = audit.Mirror(), audit.New(audit.Options{
		Connect: connect, Title: on.Title, Blanket: on.Blanket, Preflight: f.name + " preflight " + on.Name, Flags: flags,
	})
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
