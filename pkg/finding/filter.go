package finding

import (
	"fmt"
	"strings"
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
	var out []Finding
	for _, f := range fs {
		if !ignored(f, ignore) {
			out = append(out, f)
		}
	}
	return out
}

func ignored(f Finding, ignore []Ignore) bool {
	for _, i := range ignore {
		if i.code == f.Code && (i.object == "" || i.object == f.Object) {
			return true
		}
	}
	return false
}
