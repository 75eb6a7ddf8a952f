package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// exposeFlags are what the user typed.
type exposeFlags struct {
	*applyFlags
	name  string
	ports []string
}

// exposeOptions are what expose needs to run.
type exposeOptions struct {
	*factory
	applyOptions
	router    string
	namespace string
	explicit  bool
	service   string
	ports     []egress.Port
}

func newExposeCommand(f *factory) *cobra.Command {
	e := &exposeFlags{applyFlags: newApplyFlags()}
	cmd := &cobra.Command{
		Use:   "expose NAME [--port PORT[/PROTOCOL]]... [--name SERVICE]",
		Short: "Make a Service for an egress router, or change it",
		Long: `Makes a Service by which clients in the cluster reach an egress router. Without --port it has every
port that the router's rules redirect; a port that nothing redirects is refused. So is a router that shares
its namespace with another operator-managed router: clients may reach the destinations of either.`,
		Example: `  # Every port that the rules redirect
  ` + f.name + ` expose partner-a

  # Some of them, under another name
  ` + f.name + ` expose partner-a --name app-egress --port 8080 --port 8443 --port 80/udp`,
		RunE: runs(f, e.complete),
	}
	cmd.ValidArgsFunction = f.completeRouters(1)
	cmd.Flags().StringVar(&e.name, "name", "", "The `SERVICE`'s name; by default the router's")
	cmd.Flags().StringSliceVar(&e.ports, "port", nil, "A `PORT[/PROTOCOL]` to expose, protocol tcp (default), udp or sctp; may be repeated")
	e.applyFlags.add(cmd)
	return cmd
}

func (e *exposeFlags) complete(f *factory, _ *cobra.Command, args []string) (*exposeOptions, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("give the NAME of one router: see \"%s expose --help\"%s", f.name, extra(args))
	}
	o := &exposeOptions{factory: f, router: args[0], service: cmp.Or(e.name, args[0])}
	var errs [2]error
	o.applyOptions, errs[0] = e.applyFlags.options(f)
	o.namespace, o.explicit, errs[1] = f.currentNamespace()
	if err := cmp.Or(errs[0], errs[1], egress.ValidateName(o.router)); err != nil {
		return nil, err
	}
	if err := egress.ValidateName(o.service); err != nil {
		return nil, fmt.Errorf("--name: %w", err)
	}
	for _, text := range e.ports {
		port, err := egress.ParsePort(text)
		if err != nil {
			return nil, fmt.Errorf("--port %s: %w", text, err)
		}
		o.ports = append(o.ports, port)
	}
	return o, nil
}

func (o *exposeOptions) run(ctx context.Context) error {
	found, client, err := o.find(ctx)
	if err != nil {
		return err
	}
	if err := o.refuseShared(ctx, client, found.Router); err != nil {
		return err
	}
	ports, err := render.ServicePorts(&found.EgressRouter, found.Provisioner, o.ports)
	if err != nil {
		return invalid(err)
	}
	object := serviceObject(&found.EgressRouter, render.ServiceOptions{Name: o.service, Ports: ports, Provisioner: found.Provisioner})
	if o.dryRun == dryRunClient {
		service, err := object("")
		if err != nil {
			return err
		}
		if !o.explicit {
			service.SetNamespace("")
		}
		return o.print.object(service, apply.Created)
	}
	applier, err := apply.New(ctx, client, nil, found.Provisioner, true, o.apply)
	if err != nil {
		return err
	}
	applied, err := applier.Router(ctx, apply.Request{Router: &found.EgressRouter, Objects: []apply.Object{object}, Owner: found.UID})
	return cmp.Or(o.print.applied(applied), err)
}

// find reads the router to expose. A client dry run that names its ports can do without a cluster.
func (o *exposeOptions) find(ctx context.Context) (*read.Found, *cluster.Client, error) {
	if o.dryRun == dryRunClient && !o.configured() && len(o.ports) > 0 {
		return o.unread(), nil, nil
	}
	client, err := o.client(o.manager)
	if err != nil {
		return nil, nil, err
	}
	found, err := read.Find(ctx, client, o.namespace, o.router, o.provisioner)
	if errors.Is(err, cluster.ErrNotFound) {
		return nil, nil, fmt.Errorf("%w: make it with \"%s create\", or see which there are with \"%s get -A\"", err, o.name, o.name)
	}
	return found, client, err
}

// unread is the router where no cluster can be asked: what was typed is taken at its word.
func (o *exposeOptions) unread() *read.Found {
	o.note("no cluster is configured: whether the router redirects these ports was not checked")
	found := &read.Found{Router: snapshot.Router{Provisioner: o.provisioner.Offline()}}
	found.Name, found.Namespace = o.router, o.namespace
	found.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: collect.Map(o.ports, func(p egress.Port) nov1.L4RedirectRule {
		return nov1.L4RedirectRule{Port: p.Number, Protocol: p.Protocol}
	})}
	return found
}
