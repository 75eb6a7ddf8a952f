package openstack

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// ledger knows which pairs are ours, and for which router.
type ledger struct {
	mu sync.Mutex
	// owned are the pairs that were written, or are planned, by router; standing those that are on their ports by our hand.
	owned    map[string]map[Pair]bool
	standing map[Pair]bool
}

func newLedger(recorded map[string][]Pair) *ledger {
	l := &ledger{owned: map[string]map[Pair]bool{}, standing: map[Pair]bool{}}
	for router, pairs := range recorded {
		for _, p := range pairs {
			if p.Port != "" {
				l.owns(router, p)
				l.standing[p.canonical()] = true
			}
		}
	}
	return l
}

// owns notes that p is planned, or was written, for router.
func (l *ledger) owns(router string, p Pair) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owned[router] == nil {
		l.owned[router] = map[Pair]bool{}
	}
	l.owned[router][p.canonical()] = true
}

// sees notes the pairs that are their own record and stand, by router, in place of those noted before.
func (l *ledger) sees(own map[string][]Pair) {
	l.mu.Lock()
	for p := range l.standing {
		if p.isOwn() {
			l.standing[p] = false
		}
	}
	l.mu.Unlock()
	for router, pairs := range own {
		for _, p := range pairs {
			l.owns(router, p)
			l.mu.Lock()
			l.standing[p] = true
			l.mu.Unlock()
		}
	}
}

// wrote notes that we put pairs on a port.
func (l *ledger) wrote(portID string, pairs []ports.AddressPair) { l.note(portID, pairs, true) }

// removed notes that pairs are gone from a port.
func (l *ledger) removed(portID string, pairs []ports.AddressPair) { l.note(portID, pairs, false) }

func (l *ledger) note(portID string, pairs []ports.AddressPair, stand bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, pair := range pairs {
		l.standing[Pair{portID, pair.IPAddress, pair.MACAddress}.canonical()] = stand
	}
}

// list is what stands as records, with those of also added.
func (l *ledger) list(also map[Pair]bool) map[string][]Pair {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string][]Pair{}
	for router, pairs := range l.owned {
		for _, p := range slices.SortedFunc(maps.Keys(pairs), func(a, b Pair) int {
			return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.IP, b.IP), cmp.Compare(a.MAC, b.MAC))
		}) {
			stands, known := l.standing[p]
			if !known && !also[p] {
				continue
			}
			// The record of a router that has none any more becomes empty.
			record := out[router]
			if stands || also[p] {
				record = append(record, p)
			}
			out[router] = record
		}
	}
	return out
}

// recordsAhead are what the routers' records must say before plan is applied, by router: what is recorded and what plan
// adds. Written first, so that a crash leaves no pair that nobody knows of.
func (a *Adapter) recordsAhead(plan *platform.Plan) (map[string][]Pair, error) {
	also := map[Pair]bool{}
	for _, change := range plan.Changes {
		if change.Field != pairsField {
			continue
		}
		d, err := deltaOf(change)
		if err != nil {
			return nil, err
		}
		for _, p := range d.add {
			also[Pair{change.ID, p.IPAddress, p.MACAddress}.canonical()] = true
		}
	}
	return a.ledger.list(also), nil
}

// recorded are what the routers' records must say after Apply or Revert, by router: what is on the ports by our hand.
// A router with an empty record has none any more.
func (a *Adapter) recorded() map[string][]Pair { return a.ledger.list(nil) }
