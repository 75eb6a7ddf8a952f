// Package finding is what the checks say: a Finding with a stable code, and the catalogue of codes.
package finding

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// Level says how much a finding weighs.
type Level string

// The levels, heaviest first.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Info    Level = "info"
)

// weight orders levels, heaviest first.
func (l Level) weight() int {
	switch l {
	case Error:
		return 0
	case Warning:
		return 1
	default:
		return 2
	}
}

// Finding is one thing that is wrong or worth knowing, about one object.
type Finding struct {
	// Code is stable, such as EGR101; Catalogue says what it stands for.
	Code  Code  `json:"code"`
	Level Level `json:"level"`
	// Object is what it is about: namespace/name of a router, mostly.
	Object string `json:"object"`
	// Message says what is wrong, with the value that is.
	Message string `json:"message"`
	// Why says what follows from it.
	Why string `json:"why"`
	// Fix says what to do, in words.
	Fix string `json:"fix"`
	// Commands are lines that do it, or that show more: each complete by itself, so that it can be pasted anywhere.
	Commands []string `json:"commands"`
}

// New returns a finding of code about object, at the level that the catalogue gives it. Its texts are of one
// line each, with nothing in them that a terminal would obey.
func New(code Code, object, message, why, fix string, commands ...string) Finding {
	level := Error
	if entry, err := Lookup(code); err == nil {
		level = entry.Level
	}
	lines := collect.Map(collect.Filter(commands, func(command string) bool { return command != "" }), Printable)
	return Finding{
		Code: code, Level: level, Object: Printable(object),
		Message: Printable(message), Why: Printable(why), Fix: Printable(fix), Commands: lines,
	}
}

// Is reports whether f says the same as other.
func (f Finding) Is(other Finding) bool { return reflect.DeepEqual(f, other) }

// At returns f at another level than the catalogue's.
func (f Finding) At(level Level) Finding {
	f.Level = level
	return f
}

// Summary counts findings by level.
type Summary struct {
	Error   int `json:"error"`
	Warning int `json:"warning"`
	Info    int `json:"info"`
}

// Summarize counts fs.
func Summarize(fs []Finding) Summary {
	var s Summary
	for _, f := range fs {
		switch f.Level {
		case Error:
			s.Error++
		case Warning:
			s.Warning++
		default:
			s.Info++
		}
	}
	return s
}

// Sort orders fs by object, then level, then code; what is equal in these keeps its order.
func Sort(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Object, b.Object),
			cmp.Compare(a.Level.weight(), b.Level.weight()),
			cmp.Compare(a.Code, b.Code),
		)
	})
}

// AtLeast are the findings of fs that weigh as much as level, or more.
func AtLeast(fs []Finding, level Level) []Finding {
	return collect.Filter(fs, func(f Finding) bool { return f.Level.weight() <= level.weight() })
}
