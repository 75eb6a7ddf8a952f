package grant

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// Grants are those of a cluster. A nil one stands for a cluster without their ConfigMap, which grants nothing.
type Grants struct {
	grants map[string]Grant
	// unreadable says why the grant of a namespace cannot be read.
	unreadable map[string]error
	// leftover says of a namespace without addresses which limits it has all the same.
	leftover map[string]error
	// keys are those of each namespace.
	keys map[string][]string
	// holders are the namespaces that name a network, those whose grant cannot be read as a whole among them.
	holders map[netip.Prefix][]string
}

// Parse reads the data of the ConfigMap. What cannot be read makes the grant of its namespace unreadable, and no other.
func Parse(data map[string]string) *Grants {
	g := &Grants{grants: map[string]Grant{}, unreadable: map[string]error{}, leftover: map[string]error{}, holders: map[netip.Prefix][]string{}}
	g.keys = collect.By(slices.Sorted(maps.Keys(data)), func(key string) string {
		namespace, _, _ := strings.Cut(key, ".")
		return namespace
	})
	for _, namespace := range slices.Sorted(maps.Keys(g.keys)) {
		g.add(namespace, g.keys[namespace], data)
	}
	return g
}

// add reads the keys of a namespace.
func (g *Grants) add(namespace string, keys []string, data map[string]string) {
	out := Grant{Namespace: namespace}
	var problems []error
	for _, key := range keys {
		if err := out.read(key, data[key]); err != nil {
			problems = append(problems, fmt.Errorf("key %s of ConfigMap %s/%s: %w", finding.Printable(key), egress.Namespace, Name, err))
		}
	}
	for _, p := range out.Addresses {
		g.holders[p] = append(g.holders[p], namespace)
	}
	switch {
	case len(problems) > 0:
		g.unreadable[namespace] = errors.Join(problems...)
	case !slices.Contains(keys, namespace):
		g.leftover[namespace] = fmt.Errorf("key %s of ConfigMap %s/%s limits a grant that is not there: write key %s, or remove %s",
			keys[0], egress.Namespace, Name, namespace, strings.Join(keys, " and "))
	default:
		g.grants[namespace] = out
	}
}

// read takes one key's value into g.
func (g *Grant) read(key, value string) (err error) {
	if problems := validation.IsDNS1123Label(g.Namespace); len(problems) > 0 {
		return fmt.Errorf("%q is not the name of a namespace: write NAMESPACE, NAMESPACE%s or NAMESPACE%s", g.Namespace, nodesSuffix, maxSuffix)
	}
	switch key {
	case g.Namespace:
		if strings.TrimSpace(value) != "" {
			g.Addresses, err = ParseAddresses(value)
		}
	case g.Namespace + nodesSuffix:
		g.Nodes, err = ParseNodes(value)
	case g.Namespace + maxSuffix:
		g.Max, err = ParseMax(value)
	default:
		err = fmt.Errorf("unknown limit of namespace %s: write %s%s or %s%s", g.Namespace, g.Namespace, nodesSuffix, g.Namespace, maxSuffix)
	}
	return err
}

// Exist reports whether the cluster has the ConfigMap, empty or not.
func (g *Grants) Exist() bool { return g != nil }

// Of returns the grant of namespace. There is none where ok is false, and an error where it cannot be read.
func (g *Grants) Of(namespace string) (of Grant, ok bool, err error) {
	if g == nil {
		return Grant{}, false, nil
	}
	if err := g.unreadable[namespace]; err != nil {
		return Grant{}, false, err
	}
	of, ok = g.grants[namespace]
	return of, ok, nil
}

// All returns the grants that can be read, by namespace.
func (g *Grants) All() []Grant {
	if g == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(g.grants), func(a, b Grant) int { return cmp.Compare(a.Namespace, b.Namespace) })
}

// Namespaces returns those that the ConfigMap has keys of, whether or not these can be read, sorted.
func (g *Grants) Namespaces() []string {
	if g == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(g.keys))
}

// Problems returns what is wrong with the grants, by namespace: what cannot be read, and addresses that two have.
func (g *Grants) Problems() map[string]error {
	if g == nil {
		return nil
	}
	out := g.overlaps()
	maps.Copy(out, g.leftover)
	maps.Copy(out, g.unreadable)
	return out
}

// overlaps are, by namespace, the first of its addresses that another namespace has too.
func (g *Grants) overlaps() map[string]error {
	out := map[string]error{}
	note := func(namespace string, addresses netip.Prefix, other string, others netip.Prefix) {
		if out[namespace] == nil {
			out[namespace] = fmt.Errorf("%s of namespace %s overlaps %s of namespace %s: an address can belong to one namespace only: "+
				"take it from one of them", text(addresses), namespace, text(others), other)
		}
	}
	for _, inner := range slices.SortedFunc(maps.Keys(g.holders), netip.Prefix.Compare) {
		for _, outer := range around(inner) {
			for _, a := range g.holders[inner] {
				for _, b := range g.holders[outer] {
					if a != b {
						note(a, inner, b, outer)
						note(b, outer, a, inner)
					}
				}
			}
		}
	}
	return out
}

// Refuse says which addresses of asked, which is to be granted, another namespace has; nil where none.
func (g *Grants) Refuse(asked Grant) error {
	if g == nil {
		return nil
	}
	for _, p := range asked.Addresses {
		for _, q := range slices.SortedFunc(maps.Keys(g.holders), netip.Prefix.Compare) {
			for _, other := range g.holders[q] {
				if other != asked.Namespace && p.Overlaps(q) {
					return fmt.Errorf("%s overlaps %s, which is granted to namespace %s: an address can belong to one namespace only", text(p), text(q), other)
				}
			}
		}
	}
	return nil
}

// Has returns the keys of namespace's grant that the ConfigMap has, whether or not they can be read.
func (g *Grants) Has(namespace string) []string {
	if g == nil {
		return nil
	}
	return g.keys[namespace]
}

// around are p and all networks that it is in, smallest first.
func around(p netip.Prefix) []netip.Prefix {
	out := make([]netip.Prefix, 0, p.Bits()+1)
	for bits := p.Bits(); bits >= 0; bits-- {
		out = append(out, netip.PrefixFrom(p.Addr(), bits).Masked())
	}
	return out
}

// holding are the namespaces that have address, sorted, by whatever of their grants can be read.
func (g *Grants) holding(address netip.Addr) []string {
	if !address.Is4() {
		return nil
	}
	return collect.Unique(collect.Flat(around(netip.PrefixFrom(address, address.BitLen())), func(p netip.Prefix) []string { return g.holders[p] }))
}

// Holds reports whether namespace is granted address, and no other namespace is.
func (g *Grants) Holds(namespace string, address netip.Addr) bool {
	of, ok, err := g.Of(namespace)
	return ok && err == nil && of.contains(address) && len(g.holding(address)) == 1
}

// Withdrawn reports whether the grant of namespace was taken back: its key is there, and empty.
func (g *Grants) Withdrawn(namespace string) bool {
	of, ok, _ := g.Of(namespace)
	return ok && len(of.Addresses) == 0
}
