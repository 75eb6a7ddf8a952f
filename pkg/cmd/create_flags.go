package cmd

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// routerFlags describe one EgressRouter by hand.
type routerFlags struct {
	addresses    []string
	gateway      string
	redirects    []string
	redirectFile string
	fallback     string
	mode         string
	master       string
}

func (r *routerFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&r.addresses, "address", nil, "The reserved `IP/PREFIX`, with the prefix length of the nodes' network")
	flags.StringVar(&r.gateway, "gateway", "", "The `IP` of that network's router")
	flags.StringArrayVar(&r.redirects, "redirect", nil, "A `RULE` PORT[/PROTOCOL]=IP[:TARGETPORT]; may be repeated, and the order counts")
	flags.StringVar(&r.redirectFile, "redirect-file", "", "A `FILE` (or - for standard input) of rules, a line each: \"8080 tcp 203.0.113.26 80\"; they come after those of --redirect")
	flags.StringVar(&r.fallback, "fallback-ip", "", "The `IP` that traffic to all other ports goes to (standalone only)")
	flags.StringVar(&r.mode, "macvlan-mode", "", "Bridge (default), Private, VEPA or Passthru (standalone only)")
	flags.StringVar(&r.master, "macvlan-master", "", "The node's `INTERFACE` to attach to; by default that of its default route (standalone only)")
}

// refuseWithFiles refuses a router typed by hand beside -f or -k.
func refuseWithFiles(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("give either a NAME or -f or -k, not both: the files name their routers (got %q)", strings.Join(args, " "))
	}
	if typed := given(cmd, "address", "gateway", "redirect", "redirect-file", "fallback-ip", "macvlan-mode", "macvlan-master"); len(typed) > 0 {
		return fmt.Errorf("%s describes one router by hand: it cannot be used with -f or -k", typed[0])
	}
	return nil
}

// build makes the EgressRouter that the flags describe.
func (r *routerFlags) build(f *factory, args []string, namespace string) (*nov1.EgressRouter, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("give one NAME, or files with -f: see \"%s create --help\"%s", f.name, extra(args))
	}
	if err := egress.ValidateName(args[0]); err != nil {
		return nil, err
	}
	router := &nov1.EgressRouter{}
	router.Name, router.Namespace = args[0], namespace
	for _, address := range r.addresses {
		router.Spec.Addresses = append(router.Spec.Addresses, nov1.EgressRouterAddress{IP: address, Gateway: r.gateway})
	}
	if len(r.addresses) == 0 && r.gateway != "" {
		router.Spec.Addresses = []nov1.EgressRouterAddress{{Gateway: r.gateway}}
	}
	var errs [2]error
	router.Spec.Redirect, errs[0] = r.redirect(f)
	router.Spec.NetworkInterface.Macvlan, errs[1] = r.macvlan()
	if err := cmp.Or(errs[:]...); err != nil {
		return nil, err
	}
	egress.SetDefaults(router)
	return router, nil
}

func extra(args []string) string {
	if len(args) < 2 {
		return ""
	}
	return fmt.Sprintf(" (got %q)", strings.Join(args, " "))
}

// redirect joins the rules of --redirect, in their order, and those of --redirect-file.
func (r *routerFlags) redirect(f *factory) (*nov1.RedirectConfig, error) {
	typed, err := parseAll("--redirect ", r.redirects, egress.ParseRule)
	if err != nil || r.redirectFile == "" {
		return &nov1.RedirectConfig{RedirectRules: typed, FallbackIP: r.fallback}, err
	}
	data, err := f.readFile(r.redirectFile)
	if err != nil {
		return nil, fmt.Errorf("--redirect-file %s: it cannot be read: %w", r.redirectFile, err)
	}
	rules, fallback, err := egress.ParseRedirectFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("--redirect-file %s: %w", r.redirectFile, err)
	}
	if fallback != "" && r.fallback != "" && fallback != r.fallback {
		return nil, fmt.Errorf("--fallback-ip %s and the last line of --redirect-file, %s, differ: give one of them", r.fallback, fallback)
	}
	return &nov1.RedirectConfig{RedirectRules: append(typed, rules...), FallbackIP: cmp.Or(fallback, r.fallback)}, nil
}

func (r *routerFlags) macvlan() (nov1.MacvlanConfig, error) {
	m := nov1.MacvlanConfig{Master: r.master}
	if r.mode == "" {
		return m, nil
	}
	for _, mode := range macvlanModes() {
		if strings.EqualFold(r.mode, mode) {
			m.Mode = nov1.MacvlanMode(mode)
			return m, nil
		}
	}
	return m, fmt.Errorf("--macvlan-mode %q is unknown: write Bridge, Private, VEPA or Passthru", r.mode)
}

// podFlags describe what a router has beyond its EgressRouter.
type podFlags struct {
	mac           string
	image         string
	nodeSelector  []string
	failoverAfter time.Duration
	recreate      bool
	routes        routesFlags
}

func (p *podFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&p.mac, "mac", "", "The `MAC` of net1, or \"random\" for another one at every start; by default 02:e6: and the bytes of the address (standalone only)")
	flags.StringVar(&p.image, "image", "", "The pod's image (standalone only; default "+render.DefaultImage+")")
	flags.StringSliceVar(&p.nodeSelector, "node-selector", nil, "Labels of the nodes that the router may run on, `KEY=VALUE,...`")
	flags.DurationVar(&p.failoverAfter, "failover-after", 0, "How long the pod stays bound to a node that is lost; by default Kubernetes' five minutes. A short one risks two holders of the address: a node that is cut off from the cluster may still be alive")
	flags.BoolVar(&p.recreate, "recreate", false, "End the old pod before the new one starts, within seconds; a standalone router always does, the operator's with --node-selector and --failover-after too")
	p.routes.add(cmd)
}

// given names those of the flags that were set.
func given(cmd *cobra.Command, names ...string) []string {
	var out []string
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			out = append(out, "--"+name)
		}
	}
	return out
}

// standaloneOnly names the flags given that the operator's pod cannot have.
func (p *podFlags) standaloneOnly(cmd *cobra.Command) []string {
	names := given(cmd, "mac", "image", "cluster-routes", "block-inbound", "route-image")
	return slices.DeleteFunc(names, func(name string) bool {
		return name == "--cluster-routes" && slices.Equal(p.routes.routes, []string{routesNone}) || name == "--block-inbound" && !p.routes.blockInbound
	})
}

// options checks the flags; auto tells that the cluster is to be asked for its networks.
func (p *podFlags) options(cmd *cobra.Command, routers int) (o render.Options, auto bool, err error) {
	o = render.Options{Image: p.image, Recreate: p.recreate, RouteImage: p.routes.image, BlockInbound: p.routes.blockInbound}
	if err := p.checkValues(cmd); err != nil {
		return o, false, err
	}
	if o.NodeSelector, err = render.ParseLabels(p.nodeSelector, "node"); err != nil {
		return o, false, fmt.Errorf("--node-selector: %w", err)
	}
	if p.mac != "" {
		if o.MAC, err = egress.ParseMAC(p.mac); err != nil {
			return o, false, err
		}
		if routers > 1 && o.MAC != egress.RandomMAC {
			return o, false, fmt.Errorf("--mac %s would give %d routers one MAC: leave it out, and each gets its own", o.MAC, routers)
		}
	}
	moves := given(cmd, "node-selector", "failover-after")
	if cmd.Flags().Changed("recreate") && !p.recreate && len(moves) > 0 {
		return o, false, fmt.Errorf("--recreate=false with %s: a pod that moves before the old one has ended makes two holders of the address: leave one out", strings.Join(moves, ", "))
	}
	if cmd.Flags().Changed("failover-after") {
		o.FailoverAfter = &p.failoverAfter
	}
	o.Routes, auto, err = p.routes.options()
	return o, auto, err
}

// positive refuses a count below 1.
func positive(flag string, n int) error {
	if n < 1 {
		return fmt.Errorf("--%s %d: write a number of 1 or more", flag, n)
	}
	return nil
}
