package finding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// Ignore is one --ignore value: a code, everywhere or on one object only.
type Ignore struct {
	code   Code
	object string // "" is every object
}

// ParseIgnore reads CODE[:NAMESPACE/NAME].
func ParseIgnore(s string) (Ignore, error) {
	code, object, scoped := strings.Cut(s, ":")
	ignore := Ignore{code: Code(strings.ToUpper(code)), object: object}
	if _, err := Lookup(ignore.code); err != nil {
		return Ignore{}, fmt.Errorf("--ignore %s: %w", s, err)
	}
	namespace, name, _ := strings.Cut(object, "/")
	if scoped && (namespace == "" || name == "" || strings.Contains(name, "/")) {
		return Ignore{}, fmt.Errorf("--ignore %s: write CODE:NAMESPACE/NAME", s)
	}
	return ignore, nil
}

// Without are the findings of fs that no entry of ignore takes out.
func Without(fs []Finding, ignore []Ignore) []Finding {
	return collect.Filter(fs, func(f Finding) bool {
		return !slices.ContainsFunc(ignore, func(i Ignore) bool { return i.code == f.Code && (i.object == "" || i.object == f.Object) })
	})
}
