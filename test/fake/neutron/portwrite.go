package neutron

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// updatePort is PUT /v2.0/ports/<id>. What is refused is refused in Neutron's order: the body, the port, the policy,
// the revision, and last what only the port itself shows.
func (s *Server) updatePort(c *call, id string) (answer, error) {
	b, err := s.readPort(c.body, false)
	if err != nil {
		return answer{}, err
	}
	wanted, err := s.revisionWanted(c)
	if err != nil {
		return answer{}, err
	}
	p, err := s.store.ports.find(c.who, id)
	if err != nil {
		return answer{}, err
	}
	if err := s.mayWrite(c.who, b, p.ProjectID, p.NetworkID, "update_port"); err != nil {
		return answer{}, err
	}
	step := revisionSteps(b, p)
	if step.now > 0 {
		if err := checkRevision(wanted, p.Revision); err != nil {
			return answer{}, err
		}
	}
	changed := p.copy()
	if err := s.change(&changed, b); err != nil {
		return answer{}, err
	}
	changed.Revision += step.now
	view := s.store.ports.view(c.who, &changed, nil)
	changed.Revision += step.later
	s.put(&changed)
	return answer{status: http.StatusOK, body: map[string]any{"port": view}}, nil
}

// change makes of p what b asks for, or says why not.
func (s *Server) change(p *Port, b *portBody) error {
	for to, from := range map[*string]*string{
		&p.Name: b.name, &p.Description: b.description, &p.DeviceID: b.deviceID, &p.DeviceOwner: b.deviceOwner, &p.MAC: b.mac,
	} {
		if from != nil {
			*to = *from
		}
	}
	if b.adminUp != nil {
		p.Down = !*b.adminUp
	}
	if b.security != nil {
		p.NoSecurity = !*b.security
	}
	if b.groups != nil {
		for _, id := range *b.groups {
			if s.store.groups.items[id] == nil {
				return s.store.groups.missing(id)
			}
		}
		p.SecurityGroups = *b.groups
	}
	if b.pairs != nil {
		if err := checkOwnMAC(*b.pairs, p.MAC); err != nil {
			return err
		}
		p.setPairs(*b.pairs)
	}
	if err := checkSecurity(p); err != nil {
		return err
	}
	if b.fixedIPs != nil {
		return s.giveAddresses(p, *b.fixedIPs)
	}
	return nil
}

func checkSecurity(p *Port) error {
	switch {
	case !p.NoSecurity:
		return nil
	case len(p.Pairs) > 0:
		return &neutronError{http.StatusConflict, "AddressPairAndPortSecurityRequired",
			"Port Security must be enabled in order to have allowed address pairs on a port."}
	case len(p.SecurityGroups) > 0:
		return &neutronError{http.StatusConflict, "PortSecurityPortHasSecurityGroup",
			"Port has security group associated. Cannot disable port security or IP address until security group is removed."}
	}
	return nil
}

// createPorts is POST /v2.0/ports, with one port or with several, of which all are made or none.
func (s *Server) createPorts(c *call) (answer, error) {
	var bulk struct {
		Ports []map[string]json.RawMessage `json:"ports"`
	}
	if json.Unmarshal(c.body, &bulk) != nil || bulk.Ports == nil {
		b, err := s.readPort(c.body, true)
		if err != nil {
			return answer{}, err
		}
		p, err := s.create(c.who, b)
		if err != nil {
			return answer{}, err
		}
		return answer{status: http.StatusCreated, body: map[string]any{"port": s.store.ports.view(c.who, p, nil)}}, nil
	}
	views := []any{}
	var made []*Port
	for _, raw := range bulk.Ports {
		b, err := s.readPortFields(raw, true)
		var p *Port
		if err == nil {
			p, err = s.create(c.who, b)
		}
		if err != nil {
			for _, p := range made {
				s.remove(p)
			}
			return answer{}, err
		}
		made = append(made, p)
		views = append(views, s.store.ports.view(c.who, p, nil))
	}
	return answer{status: http.StatusCreated, body: map[string]any{"ports": views}}, nil
}

func (s *Server) create(who *caller, b *portBody) (*Port, error) {
	if b.networkID == nil {
		return nil, badRequest("Failed to parse request. Required attribute 'network_id' not specified")
	}
	if !isUUID(*b.networkID) {
		return nil, badRequest("Invalid input for network_id. Reason: '" + *b.networkID + "' is not a valid UUID.")
	}
	p := &Port{ID: newUUID(), NetworkID: *b.networkID, ProjectID: who.projectID, Revision: 1}
	if b.projectID != nil && *b.projectID != who.projectID {
		if !who.admin() {
			return nil, badRequest("Specifying 'project_id' or 'tenant_id' other than the authenticated project in request " +
				"requires admin or advsvc privileges")
		}
		p.ProjectID = *b.projectID
	}
	if _, err := s.store.networks.find(who, p.NetworkID); err != nil {
		return nil, err
	}
	if err := s.mayWrite(who, b, p.ProjectID, p.NetworkID, "create_port"); err != nil {
		return nil, err
	}
	p.MAC = s.newMAC()
	infrastructure := b.deviceOwner != nil && strings.HasPrefix(*b.deviceOwner, "network:")
	p.NoSecurity = infrastructure || b.security != nil && !*b.security
	if b.groups == nil && !p.NoSecurity {
		p.SecurityGroups = s.groupsOf(p.ProjectID, "default")
	}
	if b.fixedIPs == nil {
		b.fixedIPs = s.anyAddress(p.NetworkID)
	}
	if err := s.change(p, b); err != nil {
		return nil, err
	}
	if s.macInUse(p) {
		return nil, &neutronError{http.StatusConflict, "MacAddressInUse",
			fmt.Sprintf("Unable to complete operation for network %s. The mac address %s is in use.", p.NetworkID, p.MAC)}
	}
	s.put(p)
	return p, nil
}

// deletePort is DELETE /v2.0/ports/<id>.
func (s *Server) deletePort(c *call, id string) (answer, error) {
	wanted, err := s.revisionWanted(c)
	if err != nil {
		return answer{}, err
	}
	p, err := s.store.ports.find(c.who, id)
	if err != nil {
		return answer{}, err
	}
	if err := s.mayWrite(c.who, &portBody{}, p.ProjectID, p.NetworkID, "delete_port"); err != nil {
		return answer{}, err
	}
	if err := checkRevision(wanted, p.Revision); err != nil {
		return answer{}, err
	}
	s.remove(p)
	return answer{status: http.StatusNoContent}, nil
}

// put stores p in place of what stood under its ID.
func (s *Server) put(p *Port) {
	if old := s.store.ports.items[p.ID]; old != nil {
		s.remove(old)
	}
	s.store.ports.items[p.ID] = p
	for _, f := range p.FixedIPs {
		s.store.addresses[f] = p.ID
	}
}

func (s *Server) remove(p *Port) {
	delete(s.store.ports.items, p.ID)
	for _, f := range p.FixedIPs {
		delete(s.store.addresses, f)
	}
}

func (s *Server) macInUse(p *Port) bool {
	return slices.ContainsFunc(s.store.ports.sorted(), func(other *Port) bool {
		return other.NetworkID == p.NetworkID && other.ID != p.ID && other.MAC == p.MAC
	})
}
