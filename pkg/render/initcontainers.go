package render

import (
	"cmp"
	"slices"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/templates"
)

// DefaultRouteImage has a shell and ip(8), which the init container for routes needs, and no nft(8), which the one that
// blocks does.
const DefaultRouteImage = "docker.io/library/busybox:1.37"

// inboundName is the name of the init container that blocks what comes in on net1.
const inboundName = "block-inbound"

// initContainers are those that o asks for, in the order in which they run.
func initContainers(r *nov1.EgressRouter, o Options) ([]corev1.Container, error) {
	var all, out []corev1.Container
	if err := fill(templates.InitContainers, &all); err != nil {
		return nil, err
	}
	routes, err := routeArgs(r, o.Routes)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		c.Image = cmp.Or(o.RouteImage, DefaultRouteImage)
		switch {
		case c.Name == inboundName && o.BlockInbound:
			out = append(out, c)
		case c.Name == routesName && len(routes) > 0:
			c.Args = routes
			out = append(out, c)
		}
	}
	return out, nil
}

// BlocksInbound reports whether pod has the init container that drops new connections from net1.
func BlocksInbound(pod *corev1.PodSpec) bool {
	return slices.ContainsFunc(pod.InitContainers, func(c corev1.Container) bool {
		return c.Name == inboundName && strings.Contains(strings.Join(c.Command, " "), "hook forward")
	})
}
