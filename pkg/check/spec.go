// Package check holds the checks: a spec or a Snapshot in, Findings out. It is pure.
package check

import (
	"strings"
	"unicode"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// checkSpec checks one router by itself (EGR101 to EGR112, 115, 116, 118 and 119), in the order of the codes.
func checkSpec(r snapshot.Router) []finding.Finding {
	var out []finding.Finding
	for _, check := range []func(snapshot.Router) []finding.Finding{
		address, gateway, manyAddresses, ipv6, destinations, duplicateRules,
		fallback, macvlan, master, nothing, mode, sctp,
	} {
		out = append(out, check(r)...)
	}
	return out
}

// about begins a finding on r, at the level that the catalogue gives code.
func about(r snapshot.Router, code finding.Code, message, why, fix string, commands ...string) finding.Finding {
	return finding.New(code, egress.Key(&r.EgressRouter), message, why, fix, commands...)
}

// one is a list of a single finding.
func one(r snapshot.Router, code finding.Code, message, why, fix string, commands ...string) []finding.Finding {
	return []finding.Finding{about(r, code, message, why, fix, commands...)}
}

// manyAddresses is EGR105.
func manyAddresses(r snapshot.Router) []finding.Finding {
	if len(r.Spec.Addresses) < 2 {
		return nil
	}
	first := r.Spec.Addresses[0].IP
	return one(r, finding.ManyAddresses,
		sprintf("%d addresses are given, and only the first, %s, is used", len(r.Spec.Addresses), first),
		"operator and CNI plugin read the first address and pass over the rest: traffic never leaves from those",
		"keep the first address here and give each of the others a router of its own")
}

// mode is EGR112.
func mode(r snapshot.Router) []finding.Finding {
	if m := r.Spec.Mode; m != nov1.EgressRouterModeRedirect && m != "" {
		return one(r, finding.BadMode,
			sprintf("mode %q does not exist", m),
			"the egress router CNI plugin redirects, and nothing else: it has neither the HTTP proxy nor the DNS proxy mode that routers of OpenShift SDN had",
			"write mode: Redirect, or leave it out")
	}
	return nil
}

// nothing is EGR111.
func nothing(r snapshot.Router) []finding.Finding {
	if len(egress.Rules(&r.EgressRouter)) > 0 || egress.Fallback(&r.EgressRouter) != "" {
		return nil
	}
	return one(r, finding.NothingToDo,
		"there is no redirect rule and no fallback IP",
		"the pod owns the address, but what clients send to it goes nowhere",
		"add a rule, such as --redirect 8080=203.0.113.26:80")
}

// fallback is EGR109.
func fallback(r snapshot.Router) []finding.Finding {
	ip := egress.Fallback(&r.EgressRouter)
	if ip == "" || r.Provisioner == egress.Standalone {
		return nil
	}
	return one(r, finding.FallbackIgnored,
		sprintf("fallback IP %s would be ignored", ip),
		"the operator writes it into the NAD under a name that the CNI plugin does not know, so traffic to other ports is silently dropped",
		"use --provisioner=standalone, where it works, or write a rule for every port")
}

// macvlan is EGR110 under the operator and EGR118 elsewhere.
func macvlan(r snapshot.Router) []finding.Finding {
	m := r.Spec.NetworkInterface.Macvlan
	if r.Provisioner == egress.Standalone {
		return passthru(r, m)
	}
	if m.Master == "" && (m.Mode == nov1.MacvlanModeBridge || m.Mode == "") {
		return nil
	}
	asked := sprintf("macvlan mode %s", m.Mode)
	if m.Master != "" {
		asked += sprintf(" on master %s", m.Master)
	}
	fix := "use --provisioner=standalone, where it works, or leave mode and master out"
	if badMaster(m.Master) != "" {
		fix = "leave mode and master out"
	}
	return one(r, finding.MacvlanIgnored,
		asked+" would be ignored",
		"the operator never renders networkInterface: the router gets mode Bridge on the interface of the node's default route",
		fix)
}

// master is EGR119.
func master(r snapshot.Router) []finding.Finding {
	name := r.Spec.NetworkInterface.Macvlan.Master
	problem := badMaster(name)
	if problem == "" {
		return nil
	}
	why := "the CNI plugin looks for an interface of that name on the node and finds none: the pod hangs in ContainerCreating with an error that names nothing"
	fix := "give the name of one of the node's interfaces as ip link shows it, such as --macvlan-master eth1, or leave it out for that of the default route"
	if r.Provisioner != egress.Standalone {
		why = "the operator ignores it, and under the standalone provisioner, which does not, the pod would hang in ContainerCreating with an error that names nothing"
		fix = "leave the master out"
	}
	return one(r, finding.BadMaster, sprintf("macvlan master %q %s: no interface can be called that", name, problem), why, fix)
}

// badMaster says why Linux has no interface of that name, or "": what dev_valid_name of its net/core/dev.c refuses. No
// name at all is none to refuse.
func badMaster(name string) string {
	const longest = 15 // bytes: IFNAMSIZ is 16 with the zero that ends it
	switch {
	case name == "":
		return ""
	case len(name) > longest:
		return sprintf("has %d bytes, and %d are the most", len(name), longest)
	case name == "." || name == "..":
		return "is a folder's name"
	case strings.ContainsAny(name, "/:\x00"):
		return sprintf("has %q", name[strings.IndexAny(name, "/:\x00")])
	case strings.ContainsFunc(name, unicode.IsSpace), strings.Contains(name, "\xa0"):
		return "has white space" // the kernel looks at bytes, and to it 0xa0 is a space
	}
	return ""
}

func passthru(r snapshot.Router, m nov1.MacvlanConfig) []finding.Finding {
	if m.Mode != nov1.MacvlanModePassthru {
		return nil
	}
	return one(r, finding.Passthru,
		"macvlan mode Passthru takes the node's own interface",
		"the router would receive the frames of the node, and a fixed MAC would rewrite the interface's own: the node is lost to the cluster",
		"use --macvlan-mode=Bridge, or Private or VEPA where the switch asks for it")
}

// sctp is EGR115.
func sctp(r snapshot.Router) []finding.Finding {
	for _, rule := range egress.Rules(&r.EgressRouter) {
		if rule.Protocol == nov1.ProtocolTypeSCTP {
			return one(r, finding.SCTPModule,
				sprintf("rule %s is for SCTP", egress.FormatRule(rule)),
				"SCTP needs the kernel module sctp on every node where the router may run, and many distributions do not load it",
				"on OpenShift enable it with a MachineConfig that loads the module; elsewhere run modprobe sctp on the nodes")
		}
	}
	return nil
}
