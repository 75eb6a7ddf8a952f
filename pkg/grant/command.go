package grant

import (
	"net/netip"
	"strconv"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// Command returns the line that grants a router what its verdict denies, beside what its namespace has. Where that is for
// somebody to decide first, it shows the grants; "" where there is nothing to grant.
func (g *Grants) Command(caller finding.Caller, r *nov1.EgressRouter, verdict Verdict) string {
	address := egress.ReservedIP(r)
	switch {
	case verdict.Allowed == Yes:
		return ""
	case verdict.Allowed == Unknown:
		return caller.Egress("", "grant", "list")
	case !address.Is4():
		return ""
	}
	of, _, _ := g.Of(r.Namespace)
	if !of.contains(address) {
		of.Addresses = canonical(append(of.Addresses[:len(of.Addresses):len(of.Addresses)], netip.PrefixFrom(address, address.BitLen())))
	}
	// What is left out of a grant goes.
	words := []string{"grant", r.Namespace, "--addresses=" + Text(of.Addresses)}
	if of.Nodes != nil {
		words = append(words, "--nodes="+of.Nodes.String())
	}
	if limit := max(of.Max, verdict.needed); limit > 0 {
		words = append(words, "--max="+strconv.Itoa(limit))
	}
	return caller.Egress("", words...)
}
