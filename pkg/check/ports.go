package check

import (
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// noService is EGR215. Services that could not be read are EGR202's.
func noService(c *state, r snapshot.Router) []finding.Finding {
	if !c.knows(r, servicesResource) || len(c.ServicesOf(r)) > 0 {
		return nil
	}
	if lost := c.LostServicesOf(r); len(lost) > 0 {
		return one(r, finding.NoService, sprintf("no Service selects the router's pod: another hand has changed the selector of Service %s", lost[0].Name),
			"clients of the Service are sent elsewhere, or nowhere",
			"give it back to the router, where that is what is meant", c.Caller.Egress(r.Namespace, "expose", r.Name, "--name", lost[0].Name, "--force-conflicts"))
	}
	return one(r, finding.NoService, "no Service selects the router's pod",
		"a pod's own address changes with every start, so clients have no lasting one to send to",
		"make one for the ports that its rules redirect", c.Caller.Egress(r.Namespace, "expose", r.Name))
}

// servicePorts is EGR209, one finding for each router: over the union of its Services, the ports that no rule
// redirects and the rules that no port leads to. What reaches the pod is the target port.
func servicePorts(c *state, r snapshot.Router) []finding.Finding {
	services := c.ServicesOf(r)
	if len(services) == 0 || c.shares(r) {
		return nil
	}
	redirected := egress.Ports(&r.EgressRouter)
	all := egress.Fallback(&r.EgressRouter) != "" && r.Provisioner == egress.Standalone
	covered := map[egress.Port]bool{}
	var problems []string
	for _, service := range services {
		for i, port := range service.Ports {
			target := targetOf(service, i)
			covered[target] = true
			switch {
			case target.Number == 0:
				problems = append(problems, sprintf("Service %s port %s goes to a named port, and the router's pod names none", service.Name, port))
			case all || slices.Contains(redirected, target):
			case target == port:
				problems = append(problems, sprintf("Service %s port %s: no rule redirects it", service.Name, port))
			default:
				problems = append(problems, sprintf("Service %s port %s goes to %s, and no rule redirects that", service.Name, port, target))
			}
		}
	}
	var missed []egress.Port
	for _, port := range redirected {
		if !covered[port] && c.knows(r, servicesResource) {
			missed = append(missed, port)
			problems = append(problems, sprintf("no Service has a port for the rule on %s", port))
		}
	}
	if len(problems) == 0 {
		return nil
	}
	fix, command := c.exposeFix(r, services, len(missed))
	return one(r, finding.ServicePorts, strings.Join(problems, "; "),
		"what comes in on a port without a rule is dropped in the pod, and a rule without a port of the Service gets no traffic from those who use it",
		fix, command)
}

// targetOf is the port of the pod that the i-th port of service sends to; its number is 0 where that is named.
func targetOf(service snapshot.Service, i int) egress.Port {
	port := service.Ports[i]
	if i < len(service.TargetPorts) {
		port.Number = service.TargetPorts[i]
	}
	return port
}

// exposeFix gives the Service the ports that the rules redirect, or the rules the ports of the Service. One that is for
// another router too is left alone: changed for this one, it would be lost to the other.
func (c *state) exposeFix(r snapshot.Router, services []snapshot.Service, missed int) (fix, command string) {
	i := slices.IndexFunc(services, func(s snapshot.Service) bool { return !c.ofOthers(r, s) })
	if i < 0 {
		return "other routers are behind the Service too, so give this one its own",
			c.Caller.Egress(r.Namespace, "expose", r.Name, "--name", r.Name+"-egress")
	}
	service := services[i].Name
	expose := []string{"expose", r.Name, "--name", service, "--force-conflicts"}
	switch {
	case missed == 0:
		return "add a rule for the port with --redirect, or take the port out of the Service", c.Caller.Kubectl(r.Namespace, "edit", "service", service)
	case services[i].Router != r.Name:
		return "give the Service every port that the rules redirect: --adopt takes it over from whoever made it",
			c.Caller.Egress(r.Namespace, append(expose, "--adopt")...)
	}
	return "give the Service every port that the rules redirect: --force-conflicts takes over what others have changed of it",
		c.Caller.Egress(r.Namespace, expose...)
}

// ofOthers reports whether service also selects the pods of another router than r.
func (c *state) ofOthers(r snapshot.Router, service snapshot.Service) bool {
	return slices.ContainsFunc(c.Routers, func(o snapshot.Router) bool {
		return o.Namespace == r.Namespace && o.Name != r.Name &&
			slices.ContainsFunc(c.ServicesOf(o), func(s snapshot.Service) bool { return s.Name == service.Name })
	})
}
