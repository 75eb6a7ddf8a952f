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
	// standing are the pairs that are ours now, by router.
	standing map[string]map[Pair]bool
	// owners are the routers that a planned pair is for.
	owners map[Pair][]string
}

func newLedger(recorded map[string][]Pair) *ledger {
	l := &ledger{standing: map[string]map[Pair]bool{}, owners: map[Pair][]string{}}
	for router, pairs := range recorded {
		l.standing[router] = map[Pair]bool{}
		for _, p := range pairs {
			l.standing[router][p.canonical()] = true
			l.owns(router, p)
		}
	}
	return l
}

// owns notes that p is planned, or was written, for router.
func (l *ledger) owns(router string, p Pair) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p = p.canonical()
	if !slices.Contains(l.owners[p], router) {
		l.owners[p] = append(l.owners[p], router)
	}
}

// wrote notes that pairs stand on a port by our hand.
func (l *ledger) wrote(portID string, pairs []ports.AddressPair) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, pair := range pairs {
		p := Pair{portID, pair.IPAddress, pair.MACAddress}.canonical()
		for _, router := range l.owners[p] {
			if l.standing[router] == nil {
				l.standing[router] = map[Pair]bool{}
			}
			l.standing[router][p] = true
		}
	}
}

// removed notes that pairs are gone from a port.
func (l *ledger) removed(portID string, pairs []ports.AddressPair) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, standing := range l.standing {
		for _, pair := range pairs {
			delete(standing, Pair{portID, pair.IPAddress, pair.MACAddress}.canonical())
		}
	}
}

// list is standing as records, with those of also added.
func (l *ledger) list(also []Pair) map[string][]Pair {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string][]Pair{}
	for router, pairs := range l.standing {
		out[router] = slices.Collect(maps.Keys(pairs))
	}
	for _, p := range also {
		for _, router := range l.owners[p] {
			if !slices.Contains(out[router], p) {
				out[router] = append(out[router], p)
			}
		}
	}
	for _, pairs := range out {
		slices.SortFunc(pairs, func(a, b Pair) int {
			return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.IP, b.IP), cmp.Compare(a.MAC, b.MAC))
		})
	}
	return out
}

// recordsAhead are what the routers' records must say before plan is applied, by router: what is recorded and what plan
// adds. Written first, so that a crash leaves no pair that nobody knows of.
func (a *Adapter) recordsAhead(plan *platform.Plan) (map[string][]Pair, error) {
	var also []Pair
	for _, change := range plan.Changes {
		if change.Field != pairsField {
			continue
		}
		d, err := deltaOf(change)
		if err != nil {
			return nil, err
		}
		for _, p := range d.add {
			also = append(also, Pair{change.ID, p.IPAddress, p.MACAddress}.canonical())
		}
	}
	return a.ledger.list(also), nil
}

// recorded are what the routers' records must say after Apply or Revert, by router: what is on the ports by our hand.
// A router with an empty record has none any more.
func (a *Adapter) recorded() map[string][]Pair { return a.ledger.list(nil) }
