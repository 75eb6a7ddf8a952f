package vsphere

import (
	"cmp"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// foldedAfter is how many names a message has before it counts the rest.
const foldedAfter = 5

// texts is what is said of each item.
func texts[T any](items []T, text func(T) string) []string {
	var out []string
	for _, item := range items {
		out = append(out, text(item))
	}
	return out
}

// filtered are the items that something is true of.
func filtered[T any](items []T, holds func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(items), func(item T) bool { return !holds(item) })
}

// folded is the first names of a message, and the number of the rest.
func folded(names []string) string { return finding.Listed(names, foldedAfter, ", ") }

// distinct is items sorted, each once.
func distinct[T cmp.Ordered](items []T) []T {
	return slices.Compact(slices.Sorted(slices.Values(items)))
}

// grouped are items that have the same key, the keys in the order in which they first come.
func grouped[K comparable, V any](items []V, key func(V) K) [][]V {
	at := map[K]int{}
	var out [][]V
	for _, item := range items {
		i, known := at[key(item)]
		if !known {
			i = len(out)
			at[key(item)], out = i, append(out, nil)
		}
		out[i] = append(out[i], item)
	}
	return out
}
