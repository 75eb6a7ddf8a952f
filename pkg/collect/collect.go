// Package collect makes lists of lists, where the standard library's slices has no word for it.
package collect

import (
	"cmp"
	"slices"
)

// Map returns what of makes of each item; it is never nil.
func Map[T, U any](items []T, of func(T) U) []U {
	out := make([]U, 0, len(items))
	for _, item := range items {
		out = append(out, of(item))
	}
	return out
}

// Flat returns all that of makes of each item, in one list.
func Flat[T, U any](items []T, of func(T) []U) []U { return slices.Concat(Map(items, of)...) }

// Filter returns the items that something is true of; nil where that is none.
func Filter[T any](items []T, holds func(T) bool) []T {
	var out []T
	for _, item := range items {
		if holds(item) {
			out = append(out, item)
		}
	}
	return out
}

// Groups returns the items that have the same key, the keys in the order in which they first come.
func Groups[K comparable, T any](items []T, key func(T) K) [][]T {
	at := map[K]int{}
	var out [][]T
	for _, item := range items {
		k := key(item)
		i, known := at[k]
		if !known {
			i = len(out)
			at[k], out = i, append(out, nil)
		}
		out[i] = append(out[i], item)
	}
	return out
}

// By returns the items by their key.
func By[K comparable, T any](items []T, key func(T) K) map[K][]T {
	out := map[K][]T{}
	for _, item := range items {
		k := key(item)
		out[k] = append(out[k], item)
	}
	return out
}

// Unique returns the items sorted, each once.
func Unique[T cmp.Ordered](items []T) []T {
	return slices.Compact(slices.Sorted(slices.Values(items)))
}
