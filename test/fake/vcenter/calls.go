package vcenter

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
)

// Call is one call as it came over the wire, whether it was carried out or not.
type Call struct {
	// Method is its name in the API, such as UpdatePortGroup.
	Method string
	// Object is the name of what it was made on: an inventory object's; of a host's network system the
	// host's; of all else the reference's value, such as SessionManager, or PropertyCollector of one that a
	// session made for itself.
	Object string
}

// Calls are those since Start or ResetCalls, in the order in which they came.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Count is the number of calls of the methods named, or of all.
func (s *Server) Count(methods ...string) int {
	n := 0
	for _, call := range s.Calls() {
		if len(methods) == 0 || slices.Contains(methods, call.Method) {
			n++
		}
	}
	return n
}

// ResetCalls empties the call log.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// record notes a call.
func (s *Server) record(method *simulator.Method) Call {
	call := Call{Method: method.Name, Object: s.nameOf(method.This)}
	if strings.HasPrefix(call.Object, "session[") {
		call.Object = method.This.Type
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	return call
}
