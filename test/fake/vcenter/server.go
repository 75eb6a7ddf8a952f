// Package vcenter is govmomi's vCenter simulator, extended in process until it answers as a vCenter does
// where switch security policies are concerned: port groups and switches of hosts can be written, a
// distributed port group has a version and merges what it is sent, privileges can be missing, properties
// unreadable, hosts out of reach. It listens on 127.0.0.1 with TLS that can be verified.
//
// The names are the simulator's: clusters DC0_C0, hosts DC0_C0_H0, VMs DC0_C0_RP0_VM0, where VM i of a
// cluster runs on host i/VMs; "VM Network" and "Management Network" on every host's vSwitch0; the distributed
// switch DVS0 with DC0_DVPG0 and so on, its uplinks DVS0-DVUplinks-8, DC0_NSXPG0 (a distributed port group
// that belongs to NSX) and DC0_NSX0 (an opaque network).
package vcenter

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Options say what is in the simulated vCenter. The zero value is one cluster of one host without VMs.
type Options struct {
	// Clusters is the number of clusters; 0 is 1.
	Clusters int
	// Hosts is the number of hosts in each cluster; 0 is 1.
	Hosts int
	// VMs is the number of VMs on each host. They are powered on, on the first distributed port group, or on
	// "VM Network" where there is none.
	VMs int
	// PortGroups is the number of distributed port groups, uplinks not counted.
	PortGroups int
	// OpaqueNetwork adds DC0_NSX0, an NSX segment as vCenter shows it outside of distributed switches.
	// NSXPortGroup adds DC0_NSXPG0, an NSX segment that is shown as a distributed port group.
	OpaqueNetwork, NSXPortGroup bool
	// Delay is how long each call waits before it is answered.
	Delay time.Duration
	// PageSize is the number of objects that one answer holds at most, whatever the client asks for; 0 is
	// what the client asks for.
	PageSize int
}

// Server is a running simulator. Its methods may be called side by side, and while clients are served. What
// they change is another's hand: it is not in the call log.
type Server struct {
	options  Options
	model    *simulator.Model
	server   *simulator.Server
	user     *url.Userinfo
	caFile   string
	closed   chan struct{}
	stopOnce sync.Once

	mu       sync.Mutex
	names    map[types.ManagedObjectReference]string
	vms      []types.ManagedObjectReference // in the order of Nodes
	calls    []Call
	faults   []*armedFault
	hidden   []hidden
	denied   []denial
	mac      *types.DVSMacManagementPolicy // the distributed switch's
	nextPort int
	nextNIC  int
	override map[string]types.VMwareDVSPortSetting // by port key
	inTask   map[*simulator.Context]types.BaseMethodFault
}

// Start makes the inventory and serves it. Every switch has the defaults of vSphere 7 and later: promiscuous
// mode, MAC changes and forged transmits rejected. Close must be called.
func Start(o Options) (*Server, error) {
	o.Clusters, o.Hosts = max(o.Clusters, 1), max(o.Hosts, 1)
	s := &Server{
		options: o, user: url.UserPassword("administrator@vsphere.local", rand.Text()), closed: make(chan struct{}), mac: rejecting(false),
		names:    map[types.ManagedObjectReference]string{},
		override: map[string]types.VMwareDVSPortSetting{},
		inTask:   map[*simulator.Context]types.BaseMethodFault{},
	}
	if err := s.create(); err != nil {
		if s.model != nil && s.model.Service != nil {
			s.model.Remove()
		}
		return nil, err
	}
	s.model.Map().Handler = s.handle
	service := s.model.Service
	service.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	service.Listen = &url.URL{Host: "127.0.0.1:0", User: s.user}
	s.server = service.NewServer()
	var err error
	if s.caFile, err = s.server.CertificateFile(); err != nil {
		s.Close()
		return nil, fmt.Errorf("writing the simulator's certificate: %w", err)
	}
	return s, nil
}

// Close ends the server and lets go of every call that hangs.
func (s *Server) Close() {
	s.stopOnce.Do(func() {
		close(s.closed)
		s.server.CloseClientConnections()
		s.server.Close()
		s.model.Remove()
	})
}

// URL is where the SDK is served, without a user: https://127.0.0.1:port/sdk.
func (s *Server) URL() string {
	u := *s.server.URL
	u.User = nil
	return u.String()
}

// CAFile is a PEM file with which the server's certificate verifies. It is gone after Close.
func (s *Server) CAFile() string { return s.caFile }

// User is the one that may log in; every other is refused. The password is another at each Start.
func (s *Server) User() (name, password string) {
	password, _ = s.user.Password()
	return s.user.Username(), password
}

// Client logs a client of its own in, with the certificate verified. Its calls are in the call log too.
func (s *Server) Client(ctx context.Context) (*govmomi.Client, error) {
	u, err := url.Parse(s.URL())
	if err != nil {
		return nil, fmt.Errorf("reading the simulator's URL: %w", err)
	}
	pem, err := os.ReadFile(s.caFile)
	if err != nil {
		return nil, fmt.Errorf("reading the simulator's certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	wire := soap.NewClient(u, false)
	wire.DefaultTransport().TLSClientConfig.RootCAs = pool
	vim, err := vim25.NewClient(ctx, wire)
	if err != nil {
		return nil, fmt.Errorf("connecting to the simulator: %w", err)
	}
	client := &govmomi.Client{Client: vim, SessionManager: session.NewManager(vim)}
	if err := client.Login(ctx, s.user); err != nil {
		return nil, fmt.Errorf("logging in to the simulator: %w", err)
	}
	return client, nil
}

// context is one for a change from outside of any call: locks are held in its name, so each change needs its own.
func (s *Server) context() *simulator.Context {
	return &simulator.Context{
		Context: context.Background(), Map: s.model.Map(), Session: s.model.Service.Context.Session,
	}
}
