package vcenter

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Fault is what happens to calls. Method and Object say to which, as in Call; empty, to all. Of the rest
// several may be set: Do and Hang come first, then the first of ExpireSession, NotResponding and Fault.
type Fault struct {
	Method, Object string
	// Times is how many calls it happens to; 0 is all.
	Times int
	// Do is run before the call goes on: a rival in the gap.
	Do func()
	// Hang keeps the call waiting until the fault is removed or the server closed; then it goes on.
	Hang bool
	// ExpireSession ends the caller's session before the call.
	ExpireSession bool
	// NotResponding is what a host that is out of reach gives: HostNotConnected.
	NotResponding bool
	// Fault is what the call gives.
	Fault types.BaseMethodFault
	// InTask is what the task ends with that the call makes. Only ReconfigureDVPortgroup_Task reads it.
	InTask types.BaseMethodFault
}

// armedFault is a Fault that waits for its calls; left is negative where it is for all.
type armedFault struct {
	fault   Fault
	left    int
	removed chan struct{}
}

// Inject arms a fault. Of several that a call meets, the oldest happens. remove takes it back, as Restore does;
// it may be called more than once.
func (s *Server) Inject(f Fault) (remove func()) {
	armed := &armedFault{fault: f, left: f.Times, removed: make(chan struct{})}
	if f.Times == 0 {
		armed.left = -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, armed)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := slices.Index(s.faults, armed); i >= 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
			close(armed.removed)
		}
	}
}

// Restore takes back every Inject, Hide, HideObject and Deny.
func (s *Server) Restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, armed := range s.faults {
		close(armed.removed)
	}
	s.faults, s.hidden, s.denied = nil, nil, nil
}

// armed is the oldest fault that a call meets, or nil.
func (s *Server) armed(call Call) *armedFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		meets := (f.fault.Method == "" || f.fault.Method == call.Method) && (f.fault.Object == "" || f.fault.Object == call.Object)
		if meets && f.left != 0 {
			if f.left > 0 {
				f.left--
			}
			return f
		}
	}
	return nil
}

// happen lets a fault happen to a call, and is the fault to answer with, or nil where the call goes on.
func (s *Server) happen(ctx *simulator.Context, armed *armedFault) types.BaseMethodFault {
	f := armed.fault
	if f.Do != nil {
		f.Do()
	}
	if f.Hang {
		select {
		case <-armed.removed:
		case <-s.closed:
			return &types.RequestCanceled{}
		}
	}
	switch {
	case f.ExpireSession:
		if ctx.Session != nil {
			s.endSessions(ctx.Session.Key)
		}
		return &types.NotAuthenticated{}
	case f.NotResponding:
		return &types.HostNotConnected{}
	case f.Fault != nil:
		return f.Fault
	case f.InTask != nil:
		s.mu.Lock()
		s.inTask[ctx] = f.InTask
		s.mu.Unlock()
	}
	return nil
}

// taskFault is what the task must end with that this call makes, or nil.
func (s *Server) taskFault(ctx *simulator.Context) types.BaseMethodFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := s.inTask[ctx]
	delete(s.inTask, ctx)
	return fault
}

// handle sees every call before it is carried out. The object that it gives back is nil: the simulator's own.
func (s *Server) handle(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	call := s.record(method)
	time.Sleep(s.options.Delay)
	if f := s.armed(call); f != nil {
		if fault := s.happen(ctx, f); fault != nil {
			return nil, fault
		}
	}
	if ctx.Session == nil && !openToAll(method) {
		return nil, &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &method.This, PrivilegeId: "System.View"}}
	}
	return nil, nil
}

// openToAll reports whether a call needs no session. The simulator answers reads without one, with every
// property missing; a vCenter refuses, but for what reports whether there is a session.
func openToAll(method *simulator.Method) bool {
	var specs []types.PropertyFilterSpec
	switch req := method.Body.(type) {
	case *types.RetrievePropertiesEx:
		specs = req.SpecSet
	case *types.RetrieveProperties:
		specs = req.SpecSet
	default:
		return true // the simulator itself refuses those that need one
	}
	for _, spec := range specs {
		for _, object := range spec.ObjectSet {
			if object.Obj.Type != "SessionManager" && object.Obj.Type != "ServiceInstance" {
				return false
			}
		}
	}
	return true
}

// ExpireSessions ends every session: the next call of each client is refused with NotAuthenticated, until it
// logs in again.
func (s *Server) ExpireSessions() {
	view := &simulator.Session{Registry: simulator.NewRegistry(), Map: s.model.Map()}
	manager, ok := view.Get(s.model.Map().SessionManager().Self).(*simulator.SessionManager)
	if !ok {
		return
	}
	var keys []string
	for _, session := range manager.SessionList {
		keys = append(keys, session.Key)
	}
	s.endSessions(keys...)
}

func (s *Server) endSessions(keys ...string) {
	for _, key := range keys { // one by one: the manager stops at one that has ended in the meantime
		s.model.Map().SessionManager().TerminateSession(s.context(), &types.TerminateSession{SessionId: []string{key}})
	}
}

// message is what a vCenter would say beside a fault, in English.
func message(fault types.BaseMethodFault) string {
	switch f := fault.(type) {
	case *types.NoPermission:
		return "Permission to perform this operation was denied."
	case *types.HostNotConnected:
		return "The operation is not allowed while the host is not connected."
	case *types.NotFound:
		return "The object or item referred to could not be found."
	case *types.InvalidArgument:
		return "A specified parameter was not correct: " + f.InvalidProperty
	case *types.SystemErrorFault:
		return f.Reason
	}
	return fmt.Sprintf("The operation failed: %s.", reflect.TypeOf(fault).Elem().Name())
}
