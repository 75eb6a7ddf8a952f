package neutron

import "slices"

// Trunk is a port that carries the frames of others under VLAN tags.
type Trunk struct {
	ID        string
	Name      string
	ProjectID string
	// PortID is the parent.
	PortID   string
	Subports []Subport
	Revision int
}

func (t *Trunk) id() string { return t.ID }

// Subport is a port carried by a trunk.
type Subport struct {
	PortID string `json:"port_id"`
	// Type is "vlan" where it is empty.
	Type string `json:"segmentation_type"`
	// VLAN is the tag.
	VLAN int `json:"segmentation_id"`
}

func trunkAttributes() []attribute[*Trunk] {
	constant := func(value any) func(*Trunk) any { return func(*Trunk) any { return value } }
	return []attribute[*Trunk]{
		{"id", func(t *Trunk) any { return t.ID }, filtered},
		{"name", func(t *Trunk) any { return t.Name }, filtered},
		{"tenant_id", func(t *Trunk) any { return t.ProjectID }, filtered},
		{"project_id", func(t *Trunk) any { return t.ProjectID }, filtered},
		{"port_id", func(t *Trunk) any { return t.PortID }, filtered},
		{"sub_ports", func(t *Trunk) any { return append([]Subport{}, t.Subports...) }, shown},
		{"admin_state_up", constant(true), filtered},
		{"status", constant("ACTIVE"), filtered},
		{"description", constant(""), filtered},
		{"tags", constant([]any{}), shown},
		{"created_at", constant(created), shown},
		{"updated_at", constant(created), shown},
		{"revision_number", func(t *Trunk) any { return t.Revision }, filtered},
	}
}

// trunkDetails is what the parent of a trunk shows of it; any other port does not have the field.
func (st *store) trunkDetails(p *Port) any {
	for _, t := range st.trunks.items {
		if t.PortID != p.ID {
			continue
		}
		subports := []any{}
		for _, sub := range t.Subports {
			mac := ""
			if port := st.ports.items[sub.PortID]; port != nil {
				mac = port.MAC
			}
			subports = append(subports, map[string]any{
				"port_id": sub.PortID, "segmentation_type": sub.Type, "segmentation_id": sub.VLAN, "mac_address": mac,
			})
		}
		return map[string]any{"trunk_id": t.ID, "sub_ports": subports}
	}
	return missing{}
}

// AddTrunk makes a trunk of ports that stand; it fills in what is empty: an ID, the project of the parent, and the
// type of each subport. A subport has nothing but the device_owner trunk:subport: only the trunk tells whose it is. It panics
// where a port is missing.
func (s *Server) AddTrunk(t Trunk) Trunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	parent := s.mustPort(t.PortID)
	if t.ProjectID == "" {
		t.ProjectID = parent.ProjectID
	}
	s.fillOwner(&t.ID, &t.ProjectID)
	t.Subports = slices.Clone(t.Subports)
	for i := range t.Subports {
		if t.Subports[i].Type == "" {
			t.Subports[i].Type = "vlan"
		}
		port := s.mustPort(t.Subports[i].PortID)
		port.DeviceOwner, port.DeviceID = "trunk:subport", ""
		port.Revision++
	}
	t.Revision++
	s.store.trunks.items[t.ID] = &t
	return t
}
