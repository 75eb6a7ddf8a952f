// Package openstack is the adapter for Neutron: it finds the port of each node that an egress router's frames
// leave from, and keeps the allowed-address pair there that lets them through.
//
// A write of a port's pairs replaces the whole list, so every write is guarded by the port's revision, and a
// write that comes too late is planned again from what stands.
package openstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Platform is what this adapter is for.
func Platform() platform.Platform {
	return platform.Platform{Name: "openstack", Title: "OpenStack", Infrastructure: "OpenStack", Schemes: []string{"openstack"}}
}

// The backends of Neutron that Options.Backend knows.
const (
	OVN         = "ovn"
	OpenVSwitch = "openvswitch"
)

// DefaultConcurrency is how many writes are in flight where Options does not say.
const DefaultConcurrency = 8

// defaultMaxPairs is Neutron's max_allowed_address_pair, which no client can read.
const defaultMaxPairs = 10

// ErrInput is in the chain of errors that are the fault of what the user gave.
var ErrInput = errors.New("invalid input")

// Options say how the adapter works. The zero value is the safe way.
type Options struct {
	// Run is how preflight is run again, for the commands of findings.
	Run finding.Run
	// Concurrency is how many writes are in flight; 0: DefaultConcurrency.
	Concurrency int
	// AllNodes asks for the pair on the port of every node that was given, not only where the pod is. It needs
	// Backend OpenVSwitch: elsewhere one MAC on several ports breaks silently.
	AllNodes bool
	// Backend is what the user says that Neutron works with: OVN, OpenVSwitch, or empty.
	Backend string
	// MaxPairs is how many pairs a port may have in this cloud; 0: Neutron's default, 10.
	MaxPairs int
	// Prune removes recorded pairs that are no longer needed.
	Prune bool
	// Reserve makes a port of ours for each address that Neutron could give away.
	Reserve bool
	// Recorded is what was written before, by router (namespace/name), but for pairs that are their own record.
	Recorded map[string][]Pair
	// Nodes are further nodes of the cluster, whose ports are read to find pairs that were left there. They cost
	// one request for about 160 nodes. Only on the ports of nodes anything is written.
	Nodes []platform.Node
}

// Validate says what is wrong with o, as an ErrInput.
func (o Options) Validate() error {
	switch o.Backend {
	case "", OVN, OpenVSwitch:
	default:
		return invalid("the Neutron backend %q is not known: it is %s or %s", o.Backend, OVN, OpenVSwitch)
	}
	if o.AllNodes && o.Backend != OpenVSwitch {
		return invalid("one MAC on the ports of all nodes breaks silently on OVN: leave --all-nodes out, or say --neutron-backend=%s where the cloud's operator confirms it", OpenVSwitch)
	}
	if o.Concurrency < 0 || o.MaxPairs < 0 {
		return invalid("neither the concurrency (%d) nor the limit of pairs (%d) can be negative", o.Concurrency, o.MaxPairs)
	}
	return nil
}

// Adapter is Neutron as a platform.Adapter. It remembers what it wrote, for the records.
type Adapter struct {
	cloud   *Cloud
	options Options
	ledger  *ledger
	// guarded reports whether Neutron honours If-Match; asked once.
	guard  sync.Mutex
	checks *bool
	// planned is what the last plan saw of the cloud; nil before the first.
	planned *world
}

var _ platform.Adapter = &Adapter{}

// New is an adapter that works in cloud.
func New(cloud *Cloud, o Options) (*Adapter, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.Concurrency, o.MaxPairs = cmp.Or(o.Concurrency, DefaultConcurrency), cmp.Or(o.MaxPairs, defaultMaxPairs)
	return &Adapter{cloud: cloud, options: o, ledger: newLedger(o.Recorded)}, nil
}

// Where says who works where, in a line without a secret.
func (a *Adapter) Where() string { return a.cloud.Where() }

// Close does nothing: a token of Keystone's ends by itself.
func (a *Adapter) Close(context.Context) error { return nil }

// inputError is an error of the user's, with the text alone.
type inputError string

func (e inputError) Error() string { return string(e) }

func (inputError) Is(target error) bool { return target == ErrInput }

func invalid(format string, args ...any) error { return inputError(fmt.Sprintf(format, args...)) }
