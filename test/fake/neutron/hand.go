package neutron

import (
	"cmp"
	"fmt"
)

// AddPort adds a port, past every policy; it fills in what is empty: an ID, the network "nodes" and the project k8s, a
// MAC, the owner compute:nova where there is a device, the nodes' security group, and an address where FixedIPs is nil
// (not where it is empty; the subnet of an address may be left out). It panics where an address is taken, or where
// Neutron would not store such a port.
func (s *Server) AddPort(p Port) Port {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fillOwner(&p.ID, &p.ProjectID)
	p.NetworkID = cmp.Or(p.NetworkID, s.seed.NetworkID)
	p.MAC = cmp.Or(p.MAC, s.newMAC())
	if p.DeviceID != "" {
		p.DeviceOwner = cmp.Or(p.DeviceOwner, "compute:nova")
	}
	if p.SecurityGroups == nil && !p.NoSecurity {
		p.SecurityGroups = []string{s.seed.SecurityGroupID}
	}
	asked := p.FixedIPs
	if asked == nil {
		if one := s.anyAddress(p.NetworkID); one != nil {
			asked = *one
		}
	}
	port := p.copy()
	port.setPairs(p.Pairs)
	err := checkSecurity(&port)
	if err == nil {
		err = s.giveAddresses(&port, asked)
	}
	if err != nil {
		panic(fmt.Sprintf("fake neutron: adding the port %s: %v", cmp.Or(p.Name, p.ID), err))
	}
	port.Revision = max(port.Revision, 1)
	s.put(&port)
	return port.copy()
}

// mustPort is a port that the caller says there is.
func (s *Server) mustPort(id string) *Port {
	p := s.store.ports.items[id]
	if p == nil {
		panic("fake neutron: no port " + id)
	}
	return p
}

// Port is a port as it is; false where there is none.
func (s *Server) Port(id string) (Port, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.store.ports.items[id]
	if p == nil {
		return Port{}, false
	}
	return p.copy(), true
}

// Ports are all that stand, by ID.
func (s *Server) Ports() []Port {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Port
	for _, p := range s.store.ports.sorted() {
		out = append(out, p.copy())
	}
	return out
}

// SetPairs is another's hand: it replaces the pairs of a port and adds one to its revision, whatever the limit and the
// port's security say. It panics where there is no such port.
func (s *Server) SetPairs(id string, pairs []Pair) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.mustPort(id)
	p.setPairs(pairs)
	p.Revision++
}

// ChangePort is another's hand too: change may write any field but ID, NetworkID and FixedIPs; the revision goes up by
// one. It panics where there is no such port. change must not call the Server.
func (s *Server) ChangePort(id string, change func(p *Port)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stands := s.mustPort(id)
	p := stands.copy()
	change(&p)
	p.ID, p.NetworkID, p.FixedIPs = stands.ID, stands.NetworkID, stands.FixedIPs
	p.Revision = stands.Revision + 1
	p.setPairs(p.Pairs)
	s.put(&p)
}

// DeletePort takes a port away, as when its server is deleted. It panics where there is no such port.
func (s *Server) DeletePort(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(s.mustPort(id))
}
