// Command exported fails where a package of pkg/ exports a name that no other package uses, tests of other packages
// among them. Methods that an interface asks for, and fields that are written as JSON, are used without being named.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

const mode = packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedModule |
	packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo

func main() {
	unused, err := check(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	for _, name := range unused {
		fmt.Println(name)
	}
	if len(unused) > 0 {
		fmt.Fprintf(os.Stderr, "%d exported names are used in their own package only: unexport or delete them\n", len(unused))
		os.Exit(1)
	}
}

// check returns the unused names of the module in dir, with their places.
func check(dir string) ([]string, error) {
	loaded, err := packages.Load(&packages.Config{Mode: mode, Dir: dir, Tests: true, BuildFlags: []string{"-tags=openstack,kubernetes"}}, "./...")
	if err != nil {
		return nil, fmt.Errorf("loading the packages: %w", err)
	}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("loading %s: %w", p.PkgPath, p.Errors[0])
		}
	}
	s := newSurvey()
	for _, p := range loaded {
		s.addUses(p)
	}
	for _, p := range loaded {
		// A package is loaded once more with its tests; what these export is nobody's business.
		if p.ID == p.PkgPath && strings.Contains(p.PkgPath, "/pkg/") {
			s.addNames(p)
		}
	}
	s.interfaces = interfaces(loaded)
	unused := s.unused()
	slices.Sort(unused)
	return unused, nil
}
