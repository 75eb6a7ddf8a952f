package neutron

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
)

// Seed is what is in Neutron for the tests. IDs are Neutron's UUIDs.
type Seed struct {
	// Endpoint is the URL of Neutron without a version, such as http://127.0.0.1:9696/.
	Endpoint string `json:"endpoint"`
	// Keystone is the URL of Keystone's version 3; empty in a cloud that ran already.
	Keystone string `json:"keystone,omitempty"`
	// MaxPairs is how many address pairs a port may have; 0 where that is not known.
	MaxPairs int    `json:"maxPairs,omitempty"`
	Clouds   Clouds `json:"clouds"`

	// Network is the cluster's network. No address of CIDR from its x.y.200.0 on is handed out.
	Network       string       `json:"network"`
	Subnet        string       `json:"subnet"`
	CIDR          netip.Prefix `json:"cidr"`
	Gateway       netip.Addr   `json:"gateway"`
	SecurityGroup string       `json:"securityGroup"`
	Nodes         []Node       `json:"nodes"`

	// Shared is a network of another project with a port of ours; nil in a cloud that ran already.
	Shared *Shared `json:"shared,omitempty"`
	// Trunk is a VLAN of the first node; nil unless Options.Trunk, and where Neutron has no trunks.
	Trunk *Trunk `json:"trunk,omitempty"`
}

// Clouds are the names of entries in clouds.yaml, by what they may do. In a cloud that ran already all
// but Owner are empty.
type Clouds struct {
	// Admin may do everything.
	Admin string `json:"admin,omitempty"`
	// Owner is a member of the project that owns Network and its ports.
	Owner string `json:"owner"`
	// OwnerAppCred is Owner by an application credential.
	OwnerAppCred string `json:"ownerAppCred,omitempty"`
	// Reader may only read what Owner owns, where Options.NewPolicy is set.
	Reader string `json:"reader,omitempty"`
	// Other is a member of another project.
	Other string `json:"other,omitempty"`
}

// Node is a machine of the cluster, as Neutron knows it.
type Node struct {
	Name   string     `json:"name"`
	Server string     `json:"server"` // the port's device_id, which would be Nova's
	Port   string     `json:"port"`
	IP     netip.Addr `json:"ip"`
	MAC    string     `json:"mac"`
}

// ProviderID is what a Kubernetes node of this machine has as its spec.providerID.
func (n Node) ProviderID() string { return "openstack:///" + n.Server }

// Shared is a network that its owner shares with all projects, and a port on it that belongs to Owner.
type Shared struct {
	Network string       `json:"network"`
	Subnet  string       `json:"subnet"`
	CIDR    netip.Prefix `json:"cidr"`
	Port    string       `json:"port"`
}

// Trunk is a VLAN network that the port of the first node carries beside its own.
type Trunk struct {
	ID      string       `json:"id"`
	Network string       `json:"network"`
	Subnet  string       `json:"subnet"`
	CIDR    netip.Prefix `json:"cidr"`
	VLAN    int          `json:"vlan"`
	Port    string       `json:"port"` // the subport
	MAC     string       `json:"mac"`
}

func (s Seed) write(path string) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("writing what is in Neutron as JSON: %w", err)
	}
	if err := os.WriteFile(path, append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing what is in Neutron: %w", err)
	}
	return nil
}
