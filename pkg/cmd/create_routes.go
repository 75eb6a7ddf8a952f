package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

const (
	routesNone = "none"
	routesAuto = "auto"
)

// routesFlags say which of the cluster's networks a standalone router gets routes to.
type routesFlags struct {
	routes []string
	image  string
}

func (r *routesFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&r.routes, "cluster-routes", []string{routesNone}, "Networks that the pod gets a route to on eth0, where the cluster's CNI gives it a default route only: none, auto (what the cluster tells of its pod and Service networks) or `CIDR,...`. An init container with NET_ADMIN and UID 0 sets them, which the Pod Security levels baseline and restricted refuse (standalone only)")
	flags.Lookup("cluster-routes").DefValue = routesNone
	flags.StringVar(&r.image, "route-image", "", "The `IMAGE` of that init container, with a shell and ip; by default the cluster's own egress-router image on OpenShift, else "+render.DefaultRouteImage+" (standalone only)")
}

// options checks the flags; auto tells that the cluster is to be asked for the networks.
func (r *routesFlags) options() (networks []netip.Prefix, auto bool, err error) {
	if len(r.routes) == 0 {
		return nil, false, errors.New("--cluster-routes is empty: write none, auto, or CIDRs with commas between")
	}
	for _, text := range r.routes {
		switch text = strings.TrimSpace(text); {
		case text != routesNone && text != routesAuto:
			if small := strings.ToLower(text); small == routesNone || small == routesAuto {
				return nil, false, fmt.Errorf("--cluster-routes %s: write it in small letters, %s", text, small)
			}
			network, err := render.ParseNetwork(text)
			if err != nil {
				return nil, false, fmt.Errorf("--cluster-routes: %w", err)
			}
			networks = append(networks, network)
		case len(r.routes) > 1:
			return nil, false, fmt.Errorf("--cluster-routes %s: %s stands alone: write none, auto, or CIDRs with commas between", strings.Join(r.routes, ","), text)
		default:
			auto = text == routesAuto
		}
	}
	if auto {
		return nil, true, nil
	}
	if len(networks) == 0 && r.image != "" {
		return nil, false, fmt.Errorf("--route-image %s is the image of what --cluster-routes adds: give that too, or leave it out", r.image)
	}
	return networks, false, nil
}

// findRoutes asks the cluster for what --cluster-routes leaves to it: the networks, and the image that every
// node of an OpenShift cluster can pull.
func (o *createOptions) findRoutes(ctx context.Context) error {
	if !o.autoRoutes && len(o.pod.Routes) == 0 {
		return nil
	}
	if o.dryRun == dryRunClient && !o.configured() {
		if o.autoRoutes {
			return invalid(fmt.Errorf("--cluster-routes=auto asks the cluster, and none is configured: name its networks, --cluster-routes=PODCIDR,SERVICECIDR"))
		}
		return nil
	}
	if !o.autoRoutes && (o.pod.RouteImage != "" || o.dryRun == dryRunClient) {
		return nil
	}
	client, err := o.client(o.manager)
	if err != nil {
		return err
	}
	if o.autoRoutes {
		found, err := read.ClusterNetworks(ctx, client)
		if err != nil {
			return err
		}
		if err := o.useNetworks(found); err != nil {
			return err
		}
	}
	if o.pod.RouteImage == "" {
		o.pod.RouteImage, err = read.EgressRouterImage(ctx, client)
	}
	return err
}

// useNetworks takes what the cluster tells of its networks, and says it. Without the pods' network the routes
// would be of no use: replies go to pods.
func (o *createOptions) useNetworks(found read.Networks) error {
	if len(found.Pods) == 0 {
		unread := ""
		if len(found.Unread) > 0 {
			unread = " (you may not read " + strings.Join(found.Unread, ", ") + ")"
		}
		return invalid(fmt.Errorf("--cluster-routes=auto: the cluster does not tell its pod network%s: name the networks, --cluster-routes=PODCIDR,SERVICECIDR", unread))
	}
	for _, kind := range []struct {
		what     string
		networks []read.Network
	}{{"pods", found.Pods}, {"Services", found.Services}} {
		for _, network := range kind.networks {
			o.note("cluster routes: %s for %s, from %s", network.CIDR, kind.what, network.From)
			o.pod.Routes = append(o.pod.Routes, network.CIDR)
		}
	}
	if len(found.Services) == 0 {
		o.note("cluster routes: none for Services: the cluster does not tell their network, which replies to clients do not need")
	}
	return nil
}
