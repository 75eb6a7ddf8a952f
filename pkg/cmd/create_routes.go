package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	configv1 "github.com/openshift/api/config/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

const (
	routesNone = "none"
	routesAuto = "auto"
)

// routesFlags say what init containers change in the pod of a standalone router: which of the cluster's networks it gets
// routes to, and whether what begins on net1 reaches pods through it.
type routesFlags struct {
	routes       []string
	blockInbound bool
	image        string
}

func (r *routesFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&r.routes, "cluster-routes", []string{routesNone}, "Networks that the pod gets a route to on eth0, where the cluster's CNI gives it a default route only: none, auto (what the cluster tells of its pod and Service networks) or `CIDR,...`. An init container with NET_ADMIN and UID 0 sets them, which the Pod Security levels baseline and restricted refuse (standalone only)")
	flags.Lookup("cluster-routes").DefValue = routesNone
	flags.BoolVar(&r.blockInbound, "block-inbound", false, "Let no host of the nodes' network reach pods through the router: an init container with NET_ADMIN and UID 0 drops what begins on net1, which the Pod Security levels baseline and restricted refuse. Needs --route-image (standalone only)")
	flags.StringVar(&r.image, "route-image", "", "The `IMAGE` of these init containers: with a shell and ip for --cluster-routes, by default the cluster's own egress-router image on OpenShift, else "+render.DefaultRouteImage+"; with nft for --block-inbound (standalone only)")
}

// options checks the flags; auto tells that the cluster is to be asked for the networks.
func (r *routesFlags) options() (networks []netip.Prefix, auto bool, err error) {
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
	if r.blockInbound && r.image == "" {
		return nil, false, errors.New("--block-inbound needs an image that has nft: name one with --route-image IMAGE")
	}
	if !auto && len(networks) == 0 && !r.blockInbound && r.image != "" {
		return nil, false, fmt.Errorf("--route-image %s is the image of what --cluster-routes and --block-inbound add: give one of them too, or leave it out", r.image)
	}
	return networks, auto, nil
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

// findARP has net1 answer ARP for its own address alone, except on OpenShift, whose nodes refuse that: a pod would hang
// there. A client dry-run asks nobody, and so leaves it out.
func (o *createOptions) findARP(ctx context.Context) error {
	if o.provisioner != egress.Standalone || o.dryRun == dryRunClient {
		return nil
	}
	client, err := o.client(o.manager)
	if err != nil {
		return err
	}
	groups, err := client.Groups(ctx)
	o.pod.CloseARP = groups != nil && !groups[configv1.GroupName] && !groups[nov1.GroupName]
	return err
}

// refusePods stops where the Pod Security level of a namespace refuses the pod with an init container that changes
// its network. Written all the same, it would end the pod that is there, and none would come after it.
func (o *createOptions) refusePods(ctx context.Context, client *cluster.Client) error {
	if o.provisioner != egress.Standalone || len(o.pod.Routes) == 0 && !o.pod.BlockInbound || o.force {
		return nil
	}
	s, err := o.pods()
	if err != nil {
		return err
	}
	if s.Namespaces, err = o.namespaces(ctx, client); err != nil {
		return err
	}
	refused := check.PodSecurity(s, check.Options{Caller: o.caller()})
	return o.refuse(refused, string(finding.PodSecurity)+": the pod would be refused, and nothing was written: fix it, or continue with --force", "")
}

// pods are the routers with their Deployments, as the checks see them.
func (o *createOptions) pods() (*snapshot.Snapshot, error) {
	s := o.snapshot(o.provisioner)
	for _, r := range s.Routers {
		object, err := render.Deployment(&r.EgressRouter, o.pod)
		if err != nil {
			return nil, fmt.Errorf("router %s: %w", r.Name, err)
		}
		var d appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &d); err != nil {
			return nil, fmt.Errorf("router %s: reading its Deployment: %w", r.Name, err)
		}
		pod := d.Spec.Template.Spec
		s.Deployments = append(s.Deployments, snapshot.Deployment{
			Namespace: d.Namespace, Name: d.Name, Router: r.Name, Template: pod,
			Routes: render.ReadRoutes(&pod), BlocksInbound: render.BlocksInbound(&pod),
		})
	}
	return s, nil
}

// namespaces are those of the routers, each once; those that are not there or may not be read are left out.
func (o *createOptions) namespaces(ctx context.Context, client *cluster.Client) ([]snapshot.Namespace, error) {
	names := namespacesOf(o.routers)
	found := make([]*snapshot.Namespace, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.workers)
	for i, name := range names {
		group.Go(func() (err error) {
			found[i], err = read.Namespace(ctx, client, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var out []snapshot.Namespace
	for _, namespace := range slices.DeleteFunc(found, func(n *snapshot.Namespace) bool { return n == nil }) {
		out = append(out, *namespace)
	}
	return out, nil
}
