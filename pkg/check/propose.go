package check

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Proposal is what could be granted to the routers that work today without a grant.
type Proposal struct {
	Namespaces []Proposed
	// Doubtful are the routers that nothing is proposed for, each with the reason.
	Doubtful []string
}

// Proposed is what could be granted to one namespace.
type Proposed struct {
	Grant grant.Grant
	// Routers are those that the addresses are for, each with its own.
	Routers []string
}

// Propose proposes the addresses of the routers of s whose namespace has no grant, that are what they say, whose pod runs
// with its address, and on which j has found no error.
func Propose(g *grant.Grants, s *snapshot.Snapshot, j *Judgement) Proposal {
	var p Proposal
	verdicts, x := g.Judge(s), s.Index()
	holders := collect.By(s.Routers, func(r snapshot.Router) netip.Addr { return egress.ReservedIP(&r.EgressRouter) })
	for _, r := range s.Routers {
		address, key := egress.ReservedIP(&r.EgressRouter), egress.Key(&r.EgressRouter)
		verdict := verdicts[key]
		if verdict.Allowed == grant.Yes {
			continue
		}
		doubt := doubtOn(x, r, j)
		switch {
		case doubt != "":
		case len(holders[address]) > 1:
			doubt = fmt.Sprintf("%s is the address of %s", address, finding.Count(len(holders[address]), "router"))
		case len(g.Has(r.Namespace)) > 0: // somebody has decided what the namespace may have
			doubt = verdict.Why
		default:
			doubt = p.add(g, r, address)
		}
		if doubt != "" {
			p.Doubtful = append(p.Doubtful, key+": "+doubt)
		}
	}
	return p
}

// doubtOn says why r is not known to work with its address; "" where it is.
func doubtOn(x *snapshot.Index, r snapshot.Router, j *Judgement) string {
	address, pod := egress.ReservedIP(&r.EgressRouter), x.PodOf(r)
	switch {
	case !address.Is4():
		return "it has no valid IPv4 address"
	case pod == nil || !pod.Ready:
		return "it has no ready pod"
	case ipOf(*pod) != address:
		return fmt.Sprintf("net1 of its pod does not have %s", address)
	}
	if err := platform.Identity(x, r); err != nil {
		return err.Error()
	}
	if errors := finding.AtLeast(j.On(r), finding.Error); len(errors) > 0 {
		return fmt.Sprintf("%s: %s", errors[0].Code, errors[0].Message)
	}
	return ""
}

// add proposes address for r's namespace, or says why it cannot have it. Routers come by namespace.
func (p *Proposal) add(g *grant.Grants, r snapshot.Router, address netip.Addr) string {
	single := grant.Grant{Namespace: r.Namespace, Addresses: []netip.Prefix{netip.PrefixFrom(address, address.BitLen())}}
	if err := g.Refuse(single); err != nil {
		return err.Error()
	}
	router := fmt.Sprintf("%s (%s)", r.Name, address)
	if last := len(p.Namespaces) - 1; last >= 0 && p.Namespaces[last].Grant.Namespace == r.Namespace {
		proposed := &p.Namespaces[last]
		proposed.Grant.Addresses = append(proposed.Grant.Addresses, single.Addresses...)
		slices.SortFunc(proposed.Grant.Addresses, netip.Prefix.Compare)
		proposed.Routers = append(proposed.Routers, router)
		return ""
	}
	p.Namespaces = append(p.Namespaces, Proposed{Grant: single, Routers: []string{router}})
	return ""
}
