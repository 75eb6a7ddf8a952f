// Package neutron is a Keystone and a Neutron for tests and demonstrations: two HTTP servers on 127.0.0.1 that
// answer what a client of ports and their allowed-address pairs sees of the real ones, keep a log of the requests,
// and fail on demand. Their answers are those of Neutron 21 and Keystone 22 as measured; where a real one says
// something else, this package is wrong.
package neutron

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Options say what a Server holds and how it behaves.
type Options struct {
	// Ports is the number of node servers, with one port each on the network "nodes".
	Ports int
	// MaxPairs is Neutron's max_allowed_address_pair; 0: its default, 10.
	MaxPairs int
	// NoRevisionGuard takes the extension revision-if-match away: a request with a revision in If-Match is refused
	// with 400, as a Neutron without it does.
	NoRevisionGuard bool
	// ReadersRead lets the role reader no longer write: oslo.policy's enforce_new_defaults, on from Neutron 2023.2.
	// Before, whoever has any role in a project may write its ports.
	ReadersRead bool
	// Delay is waited before every answer.
	Delay time.Duration
	// PageLimit is Neutron's pagination_max_limit: the most items of a page; 0: no limit.
	PageLimit int
	// Backend shows the hints of a mechanism driver that a client can see: "ovn", "openvswitch", or "" for none.
	Backend string
}

// Server is a Keystone and a Neutron. Its methods may be called while clients talk to it.
type Server struct {
	options  Options
	identity *endpoint
	network  *endpoint
	rivals   sync.WaitGroup
	ctx      context.Context // ends with Close, and the rivals with it
	cancel   context.CancelFunc

	mu      sync.Mutex // holds all below; a request is carried out under it as one step
	users   []user
	tokens  map[string]*caller
	retired []string // tokens that have expired, which are secrets all the same
	log     []*Request
	faults  []*activeFault
	store   *store
	seed    Seed
}

// Start starts a seeded server: the projects and users of CloudsYAML, a network "nodes" of the project k8s with the
// subnet 10.0.0.0/16, o.Ports node servers on it, and a shared network of another project.
func Start(o Options) (*Server, error) {
	if o.MaxPairs == 0 {
		o.MaxPairs = 10
	}
	if o.Ports < 0 || o.Ports > maxNodes {
		return nil, fmt.Errorf("starting a fake Neutron with %d node ports: the subnet holds 0 to %d", o.Ports, maxNodes)
	}
	if !slices.Contains([]string{"", "ovn", "openvswitch"}, o.Backend) {
		return nil, fmt.Errorf(`starting a fake Neutron with the backend %q: there are "ovn" and "openvswitch"`, o.Backend)
	}
	s := &Server{options: o, tokens: map[string]*caller{}, store: newStore()}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.seedIdentity()
	s.seedNetwork()
	var err error
	if s.identity, err = s.listen("identity", s.identityRoutes()); err != nil {
		return nil, err
	}
	if s.network, err = s.listen("network", s.networkRoutes()); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close stops both servers and every rival.
func (s *Server) Close() {
	s.cancel()
	s.rivals.Wait()
	for _, e := range []*endpoint{s.identity, s.network} {
		if e != nil {
			e.close()
		}
	}
}

// IdentityURL is Keystone's, as auth_url has it: http://127.0.0.1:<port>/v3.
func (s *Server) IdentityURL() string { return s.identity.url + "/v3" }

// NetworkURL is Neutron's, as the catalog has it: http://127.0.0.1:<port>, without the version.
func (s *Server) NetworkURL() string { return s.network.url }
