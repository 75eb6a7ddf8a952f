package cmd

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/audit"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
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
		Config: cfg, Client: client, Caller: f.caller(), Resync: s.resync, Listen: s.listen,
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
func (f *factory) audits(o *controller.Options, on platform.Platform, flags []string, connect func(context.Context) (audit.Auditor, error)) {
	o.Mirror, o.Work = audit.Mirror(), audit.New(audit.Options{
		Connect: connect, Title: on.Title, Blanket: on.Blanket,
		Preflight: finding.Run{Caller: f.caller(), Verb: []string{"preflight", on.Name}, Flags: flags},
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

// named is the platform that args name, nil where they name none.
func (f *factory) named(args []string) (*platformRow, error) {
	switch {
	case len(args) == 0:
		return nil, nil
	case len(args) > 1:
		return nil, fmt.Errorf("sync takes one platform, not %s: write %s", strings.Join(args, " and "), f.platforms.spell("or", platformRow.name))
	}
	row, ok := f.platforms.row(args[0])
	if !ok {
		return nil, fmt.Errorf("unknown platform %q: sync takes %s, and works for the routers of the whole cluster", args[0], f.platforms.spell("or", platformRow.name))
	}
	return &row, nil
}

// platform is the one that args name, else the one that the cluster runs on. The flags of others are refused.
func (s *syncFlags) platform(ctx context.Context, f *factory, args []string) (platformRow, error) {
	named, err := f.named(args)
	if err != nil {
		return platformRow{}, invalid(err)
	}
	if named != nil {
		return *named, invalid(s.fits(*named, "sync "+named.Name+" does not take it"))
	}
	client, err := f.client(egress.ManagedByValue)
	if err != nil {
		return platformRow{}, err
	}
	name := "name it, as in " + f.platforms.spell("or", func(r platformRow) string { return fmt.Sprintf("%q", f.name+" sync "+r.Name) })
	seen, err := read.Platform(ctx, client)
	if err != nil {
		return platformRow{}, fmt.Errorf("asking the cluster on which platform it runs: %w: %s", err, name)
	}
	found, ok := f.platforms.row(platform.Detect(seen, f.platforms.known()))
	if unread := seen.UnknownOf("infrastructures", "nodes"); !ok && unread != nil {
		return platformRow{}, fmt.Errorf("unknown on which platform the cluster runs: %s: %s", unread.Reason, name)
	}
	if !ok {
		found = f.platforms[0]
		return found, invalid(s.fits(found, "the cluster does not tell on which platform it runs, so that "+found.Title+" is taken"))
	}
	return found, invalid(s.fits(found, "the cluster runs on "+found.Title))
}

// fits refuses the flags that on does not take; why says how on was settled.
func (s *syncFlags) fits(on platformRow, why string) (err error) {
	s.flags.Visit(func(flag *pflag.Flag) {
		owners := s.owners[flag.Name]
		if _, takes := owners.row(on.Name); err == nil && len(owners) > 0 && !takes {
			err = fmt.Errorf("--%s is for %s, and %s: leave it out, or write %s", flag.Name, owners.spell("and", func(r platformRow) string { return r.Title }),
				why, owners.spell("or", func(r platformRow) string { return fmt.Sprintf("%q", "sync "+r.Name) }))
		}
	})
	return err
}
