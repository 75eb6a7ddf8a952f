package check

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Specs checks every router of s by itself, and against the others and the nodes (EGR101 to EGR119).
func Specs(s *snapshot.Snapshot) []finding.Finding {
	var out []finding.Finding
	for _, r := range s.Routers {
		out = append(out, checkSpec(r)...)
	}
	out = append(out, sharedNamespaces(s.Routers)...)
	out = append(out, sharedAddresses(holders(s))...)
	out = append(out, ownNodes(s)...)
	finding.Sort(out)
	return out
}

// Beside are the errors that routers, which are about to be applied, have because of others that are there. Those of
// there that routers replace, which have their namespace and name, do not count.
func Beside(routers, there []snapshot.Router) []finding.Finding {
	type key struct {
		code            finding.Code
		object, message string
	}
	given := map[string]bool{}
	for _, r := range routers {
		given[egress.Key(&r.EgressRouter)] = true
	}
	all := slices.Clone(routers)
	for _, r := range there {
		if !given[egress.Key(&r.EgressRouter)] {
			all = append(all, r)
		}
	}
	alone := map[key]bool{}
	for _, f := range Specs(&snapshot.Snapshot{Routers: routers}) {
		alone[key{f.Code, f.Object, f.Message}] = true
	}
	return slices.DeleteFunc(finding.AtLeast(Specs(&snapshot.Snapshot{Routers: all}), finding.Error), func(f finding.Finding) bool {
		return !given[f.Object] || alone[key{f.Code, f.Object, f.Message}]
	})
}

// sharedNamespaces is EGR113, on each router affected.
func sharedNamespaces(routers []snapshot.Router) []finding.Finding {
	return shared(routers, func(r snapshot.Router) string {
		if r.Provisioner == egress.Standalone {
			return ""
		}
		return r.Namespace
	}, func(r snapshot.Router, others string) finding.Finding {
		return about(r, finding.SharedNamespace,
			sprintf("namespace %s has another operator-managed router: %s", r.Namespace, others),
			"the operator gives the NAD and the Deployment of every router in a namespace the same names: the routers overwrite each other every five minutes, and each address works in turn",
			"give each router a namespace of its own, or create it with --provisioner=standalone, which names objects after the router; one that is there already must be deleted before it is created so")
	})
}

// holders are the routers that may hold their addresses. A standalone one without a NAD holds none: no pod of it can, and
// whoever may write Deployments can forge it, so that it must take nothing from the one that does. Where NADs were not read,
// as in files, each may.
func holders(s *snapshot.Snapshot) []snapshot.Router {
	if s.Taken.IsZero() || !s.Serves(nadsResource) || !s.Knows(nadsResource) {
		return s.Routers
	}
	x := s.Index()
	return collect.Filter(s.Routers, func(r snapshot.Router) bool { return r.Provisioner != egress.Standalone || x.NADOf(r) != nil })
}

// sharedAddresses is EGR114, on each router affected.
func sharedAddresses(routers []snapshot.Router) []finding.Finding {
	return shared(routers, func(r snapshot.Router) string {
		if ip := egress.ReservedIP(&r.EgressRouter); ip.IsValid() {
			return ip.String()
		}
		return ""
	}, func(r snapshot.Router, others string) finding.Finding {
		return about(r, finding.SharedAddress,
			sprintf("address %s is also the address of %s", egress.ReservedIP(&r.EgressRouter), others),
			"two pods would answer for one address, and whichever spoke last gets the replies of both: nothing detects it",
			"reserve an address for each router")
	})
}

// shared groups routers by key and makes a finding on each of a group of two or more; "" is no key.
func shared(routers []snapshot.Router, key func(snapshot.Router) string, found func(r snapshot.Router, others string) finding.Finding) []finding.Finding {
	groups := map[string][]int{}
	for i, r := range routers {
		if k := key(r); k != "" {
			groups[k] = append(groups[k], i)
		}
	}
	var out []finding.Finding
	for i, r := range routers {
		var others []string
		for _, j := range groups[key(r)] {
			if j != i {
				others = append(others, egress.Key(&routers[j].EgressRouter))
			}
		}
		if len(others) > 0 {
			out = append(out, found(r, strings.Join(others, ", ")))
		}
	}
	return out
}

// nodesByAddress are the names of the nodes of s.
func nodesByAddress(s *snapshot.Snapshot) map[netip.Addr]string {
	nodes := map[netip.Addr]string{}
	for _, n := range s.Nodes {
		for _, a := range n.Addresses {
			if addr, err := netip.ParseAddr(a); err == nil {
				nodes[addr] = n.Name
			}
		}
	}
	return nodes
}

// ownNodes is EGR117.
func ownNodes(s *snapshot.Snapshot) []finding.Finding {
	nodes := nodesByAddress(s)
	var out []finding.Finding
	for _, r := range s.Routers {
		prefix, err := netip.ParsePrefix(egress.Address(&r.EgressRouter).IP)
		if err != nil {
			continue
		}
		if gateway, err := netip.ParseAddr(egress.Address(&r.EgressRouter).Gateway); err == nil && prefix.Contains(gateway) && nodes[gateway] != "" {
			out = append(out, about(r, finding.OwnNode,
				sprintf("gateway %s is node %s", gateway, nodes[gateway]),
				"a macvlan interface cannot reach the host that it lives on: nothing gets out while the router runs on "+nodes[gateway]+", and elsewhere only if that node forwards it",
				"write the gateway of the nodes' network"))
		}
		for _, d := range destinationsOf(r) {
			addr, err := netip.ParseAddr(d.ip)
			if err != nil || !prefix.Contains(addr) || nodes[addr] == "" {
				continue
			}
			out = append(out, about(r, finding.OwnNode,
				sprintf("%s %s is node %s, in the router's own subnet %s", d.from, addr, nodes[addr], prefix.Masked()),
				"a macvlan interface cannot reach the host that it lives on: the rule fails whenever the router runs on "+nodes[addr],
				"keep the router off that node with --node-selector, or reach the service there by its cluster address"))
		}
	}
	return out
}
