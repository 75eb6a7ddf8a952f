package vcenter

import (
	"crypto/rand"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// hidden is a property that cannot be read, of one object or (name empty) of a kind; every property where it
// is empty, and the object itself where whole is set.
type hidden struct {
	kind, name, property string
	whole                bool
}

// Hide takes the right to read a property, such as config.network.portgroup, of the object of a kind and name;
// of all of the kind where name is empty; every property where property is. What asks for it, for a part of it
// or for what it is a part of finds it in MissingSet, with NoPermission.
func (s *Server) Hide(kind, name, property string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = append(s.hidden, hidden{kind: kind, name: name, property: property})
}

// HideObject takes the right to see an object at all: no view holds it.
func (s *Server) HideObject(kind, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = append(s.hidden, hidden{kind: kind, name: name, whole: true})
}

// covers reports whether h hides a property: it, a part of it, or what it is a part of.
func (h hidden) covers(property string) bool {
	return h.property == "" || h.property == property ||
		strings.HasPrefix(property, h.property+".") || strings.HasPrefix(h.property, property+".")
}

// anchor lets a propertyCollector find its server: the simulator makes one for each session from nothing.
type anchor struct{ server *Server }

// Reference is where the anchor lies in the simulator's registry.
func (anchor) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "FakeVCenter", Value: "anchor"}
}

// extendManagers puts the extended property collector and authorization manager in place.
func (s *Server) extendManagers() {
	all := s.model.Map()
	all.Put(&anchor{s})
	content := s.model.ServiceContent
	collector := &propertyCollector{}
	collector.Self = content.PropertyCollector
	all.Put(collector)
	if own, ok := all.Get(*content.AuthorizationManager).(*simulator.AuthorizationManager); ok {
		all.Put(&authorizationManager{AuthorizationManager: own, server: s})
	}
}

// propertyCollector is one that holds back what the user may not read, and that gives answers in pages.
// WaitForUpdatesEx is the simulator's own: it tells all.
type propertyCollector struct {
	simulator.PropertyCollector
}

func serverOf(ctx *simulator.Context) *Server {
	return ctx.Map.Get(anchor{}.Reference()).(*anchor).server
}

// CreatePropertyCollector makes one more, of the same sort.
func (c *propertyCollector) CreatePropertyCollector(ctx *simulator.Context, _ *types.CreatePropertyCollector) soap.HasFault {
	made := &propertyCollector{}
	made.Self = types.ManagedObjectReference{Type: "PropertyCollector", Value: "session[" + ctx.Session.Key + "]" + rand.Text()}
	return &methods.CreatePropertyCollectorBody{
		Res: &types.CreatePropertyCollectorResponse{Returnval: ctx.Session.Put(made).Reference()},
	}
}

// RetrievePropertiesEx reads, at most a page of Options.PageSize objects.
func (c *propertyCollector) RetrievePropertiesEx(ctx *simulator.Context, req *types.RetrievePropertiesEx) soap.HasFault {
	s := serverOf(ctx)
	if page := int32(s.options.PageSize); page > 0 && (req.Options.MaxObjects <= 0 || req.Options.MaxObjects > page) {
		req.Options.MaxObjects = page
	}
	answer := c.PropertyCollector.RetrievePropertiesEx(ctx, req)
	if body, ok := answer.(*methods.RetrievePropertiesExBody); ok && body.Res != nil && body.Res.Returnval != nil {
		body.Res.Returnval.Objects = s.screen(body.Res.Returnval.Objects)
	}
	return answer
}

// ContinueRetrievePropertiesEx reads the next page.
func (c *propertyCollector) ContinueRetrievePropertiesEx(ctx *simulator.Context, req *types.ContinueRetrievePropertiesEx) soap.HasFault {
	answer := c.PropertyCollector.ContinueRetrievePropertiesEx(ctx, req)
	if body, ok := answer.(*methods.ContinueRetrievePropertiesExBody); ok && body.Res != nil {
		body.Res.Returnval.Objects = serverOf(ctx).screen(body.Res.Returnval.Objects)
	}
	return answer
}

// RetrieveProperties reads all at once, as it always did.
func (c *propertyCollector) RetrieveProperties(ctx *simulator.Context, req *types.RetrieveProperties) soap.HasFault {
	answer := c.PropertyCollector.RetrieveProperties(ctx, req)
	if body, ok := answer.(*methods.RetrievePropertiesBody); ok && body.Res != nil {
		body.Res.Returnval = serverOf(ctx).screen(body.Res.Returnval)
	}
	return answer
}

// screen takes out what the user may not see, and the properties without a value that the simulator leaves in
// all pages but the first.
func (s *Server) screen(objects []types.ObjectContent) []types.ObjectContent {
	s.mu.Lock()
	rules := slices.Clone(s.hidden)
	s.mu.Unlock()
	var seen []types.ObjectContent
	for _, object := range objects {
		object.PropSet = slices.DeleteFunc(object.PropSet, func(p types.DynamicProperty) bool { return p.Val == nil })
		name, whole := s.nameOf(object.Obj), false
		for _, rule := range rules {
			if rule.kind != object.Obj.Type || rule.name != "" && rule.name != name {
				continue
			}
			whole = whole || rule.whole
			screenObject(&object, rule)
		}
		if !whole {
			seen = append(seen, object)
		}
	}
	return seen
}

// screenObject moves the properties that a rule hides to the missing ones.
func screenObject(object *types.ObjectContent, rule hidden) {
	object.PropSet = slices.DeleteFunc(object.PropSet, func(p types.DynamicProperty) bool {
		if !rule.covers(p.Name) {
			return false
		}
		object.MissingSet = append(object.MissingSet, types.MissingProperty{
			Path: p.Name,
			Fault: types.LocalizedMethodFault{
				Fault:            &types.NoPermission{Object: &object.Obj, PrivilegeId: "System.Read"},
				LocalizedMessage: message(&types.NoPermission{}),
			},
		})
		return true
	})
}
