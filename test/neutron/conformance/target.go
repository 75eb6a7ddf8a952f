// Package conformance is what the rest of the project relies on in Neutron's API, as requests and the
// answers to them: revisions, address pairs, rights, filters and errors. It runs against a real Neutron
// and against the one that the tests play it with, so that the second cannot drift from the first.
//
// The answers are those of Neutron 21 (OpenStack Zed).
package conformance

import (
	"testing"

	"github.com/gophercloud/gophercloud/v2"
)

// Target is a Neutron to ask. What is left empty leaves out the requests that need it.
type Target struct {
	// Endpoint is Neutron's URL without a version, such as http://127.0.0.1:9696/.
	Endpoint string
	// Identity is Keystone's URL with its version, such as http://127.0.0.1:5000/v3.
	Identity string
	// Owner is the token of a member of the project that owns Network and Ports.
	Owner string
	// Admin and Other are the tokens of an administrator and of a member of another project.
	Admin, Other string
	// Reader is the token of one who has the role reader in Owner's project. ReadersWrite tells that the older
	// access rules hold, under which that role writes like any other.
	Reader       string
	ReadersWrite bool
	// Client is Owner's by gophercloud.
	Client *gophercloud.ServiceClient

	Network, Subnet string
	// Free is an address of Subnet that no port has.
	Free string
	// SecurityGroup is one of the Ports' own.
	SecurityGroup string
	// Ports are four or more on Network. Their address pairs, names and tags are changed, and put back.
	Ports []Port
	// SharedPort is a port of Owner's on SharedNetwork, which belongs to another project.
	SharedPort, SharedNetwork string
	// Trunk is of the first of the Ports.
	Trunk Trunk
	// MaxPairs is how many address pairs a port may have.
	MaxPairs int
}

// Port is a node's port as it was made.
type Port struct {
	ID, Name string
	IP, MAC  string
	Device   string // its device_id
}

// Trunk is a port that carries the frames of a subport under a VLAN tag.
type Trunk struct {
	ID      string
	Subport Port
	VLAN    int
}

// needed is how many Ports a Target must have.
const needed = 4

// Run asks target everything. Requests of one test follow each other; none runs in parallel.
func Run(t *testing.T, target Target) {
	if len(target.Ports) < needed {
		t.Fatalf("the target has %d ports: give it %d or more", len(target.Ports), needed)
	}
	c := newClient(t, target)
	for _, group := range []struct {
		name string
		rows []row
	}{
		{"pairs", c.pairRows()},
		{"refused pairs", c.refusedRows()},
		{"guard", c.guardRows()},
		{"rights", c.rightsRows()},
		{"port security", c.securityRows()},
		{"creation", c.creationRows()},
		{"extensions", c.extensionRows()},
		{"identity", c.identityRows()},
	} {
		t.Run(group.name, func(t *testing.T) { c.with(t).ask(group.rows) })
	}
	for _, group := range []struct {
		name string
		test func(*client)
	}{
		{"lists", (*client).lists},
		{"pages", (*client).pages},
		{"longest request", (*client).longest},
		{"revisions", (*client).revisions},
		{"lost update", (*client).lostUpdate},
		{"concurrent writes", (*client).concurrentWrites},
		{"reservation", (*client).reservation},
		{"trunk", (*client).trunk},
		{"gophercloud", (*client).gophercloud},
	} {
		t.Run(group.name, func(t *testing.T) { group.test(c.with(t)) })
	}
}
