package neutron

import (
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
)

// giveAddresses gives p the fixed IPs asked for: an address with or without its subnet, or a subnet without an address.
func (s *Server) giveAddresses(p *Port, asked []FixedIP) error {
	var given []FixedIP
	for _, f := range asked {
		subnet, err := s.subnetFor(p.NetworkID, f)
		if err != nil {
			return err
		}
		f.SubnetID = subnet.ID
		if f.IP == "" {
			if f.IP, err = s.freeAddress(subnet); err != nil {
				return err
			}
		}
		if holder, held := s.store.addresses[f]; held && holder != p.ID {
			return &neutronError{http.StatusConflict, "IpAddressAlreadyAllocated",
				fmt.Sprintf("IP address %s already allocated in subnet %s", f.IP, f.SubnetID)}
		}
		given = append(given, f)
	}
	p.FixedIPs = given
	return nil
}

// subnetFor is the subnet of the network that f means.
func (s *Server) subnetFor(networkID string, f FixedIP) (*Subnet, error) {
	address, err := netip.ParseAddr(f.IP)
	if f.IP != "" && err != nil {
		return nil, badRequest("Invalid input for fixed_ips. Reason: '" + f.IP + "' is not a valid IP address.")
	}
	if f.SubnetID != "" {
		subnet := s.store.subnets.items[f.SubnetID]
		if subnet == nil || subnet.NetworkID != networkID {
			return nil, s.store.subnets.missing(f.SubnetID)
		}
		if f.IP != "" && !subnet.holds(address) {
			return nil, &neutronError{http.StatusBadRequest, "InvalidIpForSubnet",
				"IP address " + f.IP + " is not a valid IP for the specified subnet."}
		}
		return subnet, nil
	}
	for _, subnet := range s.store.subnets.sorted() {
		if subnet.NetworkID == networkID && (f.IP == "" || subnet.holds(address)) {
			return subnet, nil
		}
	}
	return nil, &neutronError{http.StatusBadRequest, "InvalidIpForNetwork",
		"IP address " + f.IP + " is not a valid IP for any of the subnets on the specified network."}
}

// holds reports whether a port may have the address: all of the subnet but its own and, in IPv4, the broadcast's.
func (n *Subnet) holds(address netip.Addr) bool {
	p := n.prefix()
	return p.Contains(address) && address != p.Addr() && (address.Is6() || address != lastAddress(p))
}

// freeAddress is the next address of the pools that nobody holds.
func (s *Server) freeAddress(n *Subnet) (string, error) {
	for _, pool := range n.Pools {
		end := netip.MustParseAddr(pool.End)
		for address := netip.MustParseAddr(pool.Start); address.Compare(end) <= 0; address = address.Next() {
			_, held := s.store.addresses[FixedIP{SubnetID: n.ID, IP: address.String()}]
			if !held && address.String() != n.Gateway {
				return address.String(), nil
			}
		}
	}
	return "", &neutronError{http.StatusConflict, "IpAddressGenerationFailure",
		"No more IP addresses available on network " + n.NetworkID + "."}
}

// anyAddress asks for what a port gets that names no address: one of a subnet of its network, if there is one.
func (s *Server) anyAddress(networkID string) *[]FixedIP {
	if network := s.store.networks.items[networkID]; network == nil || len(network.subnets) == 0 {
		return nil
	}
	return &[]FixedIP{{}}
}

// newMAC makes a MAC up under the prefix that Neutron uses, clear of the small numbers that tests like to choose.
func (s *Server) newMAC() string {
	s.store.macs++
	n := 0x1a0000 + s.store.macs
	return fmt.Sprintf("fa:16:3e:%02x:%02x:%02x", byte(n>>16), byte(n>>8), byte(n))
}

func isUUID(id string) bool { return uuidForm.MatchString(id) }

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
