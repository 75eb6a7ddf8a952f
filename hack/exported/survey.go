package main

import (
	"fmt"
	"go/token"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/packages"
)

// name is an exported name of a package.
type name struct {
	object types.Object
	text   string
	// owner is the type that a method belongs to; nil for all else.
	owner *types.Named
}

// survey is which names there are, and which are used. A package is loaded several times, with its tests and without,
// so that places stand for names.
type survey struct {
	names      map[string]name
	used       map[string]bool
	interfaces map[string][]*types.Interface
}

func newSurvey() *survey { return &survey{names: map[string]name{}, used: map[string]bool{}} }

func place(files *token.FileSet, object types.Object) string {
	return files.Position(object.Pos()).String()
}

// addUses notes what p uses of other packages.
func (s *survey) addUses(p *packages.Package) {
	for _, object := range p.TypesInfo.Uses {
		if object.Pkg() != nil && object.Pkg().Path() != p.PkgPath {
			s.used[place(p.Fset, object)] = true
		}
	}
	for _, typed := range p.TypesInfo.Types {
		// Values of a type that is never named are used by their methods and fields.
		s.useType(p, typed.Type)
	}
}

// useType notes that p uses t, and what t is made of.
func (s *survey) useType(p *packages.Package, t types.Type) {
	for _, o := range mentioned(t) {
		if o.Pkg() != nil && o.Pkg().Path() != p.PkgPath {
			s.used[place(p.Fset, o)] = true
		}
	}
}

// mentioned are the named types that t is written with.
func mentioned(t types.Type) []*types.TypeName {
	switch t := t.(type) {
	case *types.Named:
		return []*types.TypeName{t.Obj()}
	case *types.Signature:
		var out []*types.TypeName
		for _, tuple := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range tuple.Variables() {
				out = append(out, mentioned(v.Type())...)
			}
		}
		return out
	case *types.Map:
		return append(mentioned(t.Key()), mentioned(t.Elem())...)
	case interface{ Elem() types.Type }:
		return mentioned(t.Elem())
	}
	return nil
}

// addNames notes what p exports.
func (s *survey) addNames(p *packages.Package) {
	scope := p.Types.Scope()
	for _, text := range scope.Names() {
		object := scope.Lookup(text)
		if !object.Exported() {
			continue
		}
		s.add(p, name{object: object, text: text})
		named, ok := object.Type().(*types.Named)
		if _, isType := object.(*types.TypeName); !ok || !isType {
			continue
		}
		for method := range named.Methods() {
			s.add(p, name{object: method, text: text + "." + method.Name(), owner: named})
		}
		if fields, ok := named.Underlying().(*types.Struct); ok {
			for i := range fields.NumFields() {
				field := fields.Field(i)
				if _, written := reflect.StructTag(fields.Tag(i)).Lookup("json"); written || field.Embedded() {
					s.useTypeOf(p, field)
				} else {
					s.add(p, name{object: field, text: text + "." + field.Name()})
				}
			}
		}
	}
}

// useTypeOf notes that the types which object is written with are used as it is.
func (s *survey) useTypeOf(p *packages.Package, object types.Object) {
	for _, o := range mentioned(object.Type()) {
		s.used[place(p.Fset, o)] = true
	}
}

func (s *survey) add(p *packages.Package, n name) {
	if _, isType := n.object.(*types.TypeName); !isType && s.used[place(p.Fset, n.object)] {
		s.useTypeOf(p, n.object)
	}
	// The values of an enumeration belong together.
	if c, ok := n.object.(*types.Const); ok && len(mentioned(c.Type())) > 0 {
		return
	}
	if n.object.Exported() {
		n.text = fmt.Sprintf("%s: %s.%s", place(p.Fset, n.object), p.Name, n.text)
		s.names[place(p.Fset, n.object)] = n
	}
}

func (s *survey) unused() []string {
	var out []string
	for at, n := range s.names {
		if !s.used[at] && !s.asked(n) {
			out = append(out, n.text)
		}
	}
	return out
}

// asked reports whether n is a method that some interface asks for, which its owner implements.
func (s *survey) asked(n name) bool {
	if n.owner == nil {
		return false
	}
	for _, i := range s.interfaces[n.object.Name()] {
		if types.Implements(n.owner, i) || types.Implements(types.NewPointer(n.owner), i) {
			return true
		}
	}
	return false
}

// interfaces are those of the packages and of all that they import, by the names of their methods.
func interfaces(loaded []*packages.Package) map[string][]*types.Interface {
	out := map[string][]*types.Interface{}
	add := func(t types.Type) {
		if i, ok := t.Underlying().(*types.Interface); ok {
			for method := range i.Methods() {
				out[method.Name()] = append(out[method.Name()], i)
			}
		}
	}
	add(types.Universe.Lookup("error").Type())
	packages.Visit(loaded, nil, func(p *packages.Package) {
		for _, text := range p.Types.Scope().Names() {
			if t, ok := p.Types.Scope().Lookup(text).(*types.TypeName); ok {
				add(t.Type())
			}
		}
	})
	return out
}
