package vcenter

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// denial is a privilege that the user lacks on an object; on every one where object is empty.
type denial struct{ privilege, object string }

// Deny takes a privilege, such as Host.Config.Network, from the user: on the object of that name, or on every
// object where it is empty. Reads of privileges say so; a write that needs it fails with NoPermission.
func (s *Server) Deny(privilege, object string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = append(s.denied, denial{privilege, object})
}

// granted reports whether the user has a privilege on an object.
func (s *Server) granted(ref types.ManagedObjectReference, privilege string) bool {
	name := s.nameOf(ref)
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(s.denied, func(d denial) bool {
		return d.privilege == privilege && (d.object == "" || d.object == name)
	})
}

// permit is nil where the user has a privilege on an object, else the fault that tells what is missing.
func (s *Server) permit(ref types.ManagedObjectReference, privilege string) types.BaseMethodFault {
	if s.granted(ref, privilege) {
		return nil
	}
	return &types.NoPermission{
		Object: &ref, PrivilegeId: privilege,
		MissingPrivileges: []types.NoPermissionEntityPrivileges{{Entity: ref, PrivilegeIds: []string{privilege}}},
	}
}

// authorizationManager is one that knows what is denied; the simulator's grants everything.
type authorizationManager struct {
	*simulator.AuthorizationManager
	server *Server
}

// HasPrivilegeOnEntities says for a session which privileges it has on which objects.
func (m *authorizationManager) HasPrivilegeOnEntities(req *types.HasPrivilegeOnEntities) soap.HasFault {
	return &methods.HasPrivilegeOnEntitiesBody{Res: &types.HasPrivilegeOnEntitiesResponse{
		Returnval: m.availability(req.Entity, req.PrivId),
	}}
}

// HasUserPrivilegeOnEntities says the same for a user by name. There is but one.
func (m *authorizationManager) HasUserPrivilegeOnEntities(req *types.HasUserPrivilegeOnEntities) soap.HasFault {
	return &methods.HasUserPrivilegeOnEntitiesBody{Res: &types.HasUserPrivilegeOnEntitiesResponse{
		Returnval: m.availability(req.Entities, req.PrivId),
	}}
}

// HasPrivilegeOnEntity says for a session which privileges it has on one object.
func (m *authorizationManager) HasPrivilegeOnEntity(req *types.HasPrivilegeOnEntity) soap.HasFault {
	granted := make([]bool, len(req.PrivId))
	for i, privilege := range req.PrivId {
		granted[i] = m.server.granted(req.Entity, privilege)
	}
	return &hasPrivilegeOnEntityBody{Res: &hasPrivilegeOnEntityResponse{Returnval: granted}}
}

// hasPrivilegeOnEntityResponse is govmomi's but for the tag: with omitempty a refusal, which is false, would not
// be written at all.
type hasPrivilegeOnEntityResponse struct {
	Returnval []bool `xml:"returnval"`
}

type hasPrivilegeOnEntityBody struct {
	Res *hasPrivilegeOnEntityResponse `xml:"HasPrivilegeOnEntityResponse"`
}

// Fault is nil: the question is always answered.
func (*hasPrivilegeOnEntityBody) Fault() *soap.Fault { return nil }

// FetchUserPrivilegeOnEntities lists the privileges that a user has on each object.
func (m *authorizationManager) FetchUserPrivilegeOnEntities(req *types.FetchUserPrivilegeOnEntities) soap.HasFault {
	body, ok := m.AuthorizationManager.FetchUserPrivilegeOnEntities(req).(*methods.FetchUserPrivilegeOnEntitiesBody)
	if !ok || body.Res == nil {
		return body
	}
	for i, result := range body.Res.Returnval {
		body.Res.Returnval[i].Privileges = slices.DeleteFunc(slices.Clone(result.Privileges), func(privilege string) bool {
			return !m.server.granted(result.Entity, privilege)
		})
	}
	return body
}

func (m *authorizationManager) availability(entities []types.ManagedObjectReference, privileges []string) []types.EntityPrivilege {
	var all []types.EntityPrivilege
	for _, entity := range entities {
		has := types.EntityPrivilege{Entity: entity}
		for _, privilege := range privileges {
			has.PrivAvailability = append(has.PrivAvailability, types.PrivilegeAvailability{
				PrivId: privilege, IsGranted: m.server.granted(entity, privilege),
			})
		}
		all = append(all, has)
	}
	return all
}
