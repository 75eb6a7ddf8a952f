// Package grant says which namespace may have which addresses on the platform: the text of the administrators' ConfigMap
// in, verdicts about routers out. It is pure: no network, no files, no clock.
package grant

import (
	"net/netip"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// Name is the name of the ConfigMap, in egress.Namespace, that holds the grants.
const Name = "grants"

// What follows the namespace in the keys of a grant that limit it. A namespace's name has no dot.
const (
	nodesSuffix = ".nodes"
	maxSuffix   = ".max"
)

// Grant is what one namespace may have.
type Grant struct {
	Namespace string
	// Addresses are canonical: IPv4, masked, sorted, each once; a single address is a /32. None is a grant that was withdrawn:
	// what was written for the namespace goes, where without a grant it stays as it is.
	Addresses []netip.Prefix
	// Nodes selects the nodes that the routers may run on; nil for every node.
	Nodes labels.Selector
	// Max is how many routers the namespace may have; 0 for any number.
	Max int
}

// Data returns what the ConfigMap holds for g, in its shortest form.
func (g Grant) Data() map[string]string {
	out := map[string]string{}
	if g.Namespace != "" {
		out[g.Namespace] = Text(g.Addresses)
	}
	if g.Nodes != nil {
		out[g.Namespace+nodesSuffix] = g.Nodes.String()
	}
	if g.Max > 0 {
		out[g.Namespace+maxSuffix] = strconv.Itoa(g.Max)
	}
	return out
}

// names reports whether g names address by itself, not only a network that it is in.
func (g Grant) names(address netip.Addr) bool {
	for _, p := range g.Addresses {
		if p.IsSingleIP() && p.Addr() == address {
			return true
		}
	}
	return false
}

// contains reports whether address is among those of g.
func (g Grant) contains(address netip.Addr) bool {
	for _, p := range g.Addresses {
		if p.Contains(address) {
			return true
		}
	}
	return false
}

// Text returns addresses as a grant has them: with commas, a single address without its prefix length.
func Text(addresses []netip.Prefix) string { return strings.Join(texts(addresses), ",") }

func texts(addresses []netip.Prefix) []string { return collect.Map(addresses, text) }

func text(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}
