package controller

import (
	"net/netip"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// longestHandover is how old what a deleted router left may be when this process comes to lead: longer than a new leader
// takes to be found. The one before has taken back what is older.
const longestHandover = 5 * time.Minute

// orphan is what a router that is gone has left in Neutron.
type orphan struct {
	router string
	pairs  []openstack.Pair
	since  time.Time
}

// gone keeps what the record of a deleted router names. A router whose deletion was not seen leaves its pairs: nobody
// knows then what was recorded last.
func (s *neutron) gone(last snapshot.Router) {
	pairs, err := openstack.Decode(s.recordOf(last))
	if err != nil || len(pairs) == 0 || last.UID == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, last.UID)
	s.orphans[last.UID] = orphan{egress.Key(&last.EgressRouter), pairs, time.Now()}
}

// adopt gives v what deleted routers have left. A pair for the address of a router of v is that router's from now on,
// as when it was made anew or under the other provisioner; it waits until it is known where that is. The others are
// those to take back.
func (s *neutron) adopt(v *view) map[types.UID]orphan {
	s.mu.Lock()
	defer s.mu.Unlock()
	back := map[types.UID]orphan{}
	for uid, o := range s.orphans {
		if stands(v, uid) || s.leading.Sub(o.since) > longestHandover {
			delete(s.orphans, uid) // it was not gone after all, or is another's who led before
			continue
		}
		left := o
		left.pairs = nil
		waits := v.unreadable
		for _, pair := range o.pairs {
			heir, waiting := heirOf(v, pair)
			switch {
			case heir != "":
				v.recorded[heir] = with(v.recorded[heir], pair)
			case waiting:
				waits = true
			default:
				left.pairs = append(left.pairs, pair)
			}
		}
		if !waits {
			back[uid] = left
		}
	}
	return back
}

// stands reports whether the router of that UID is in v.
func stands(v *view, uid types.UID) bool {
	for _, r := range v.routers {
		if r.UID == uid {
			return true
		}
	}
	return false
}

// heirOf is the router of v that has the address of pair; waits tells that there is one of which more must be known.
func heirOf(v *view, pair openstack.Pair) (heir string, waits bool) {
	address, err := netip.ParseAddr(pair.IP)
	if err != nil {
		return "", false
	}
	for _, at := range v.need {
		if at.IP.Addr() == address {
			return at.Router, false
		}
	}
	return "", v.addresses[address]
}

// with is pairs and one more, once; pairs itself is not changed.
func with(pairs []openstack.Pair, pair openstack.Pair) []openstack.Pair {
	for _, p := range pairs {
		if p.Port == pair.Port && p.IP == pair.IP && strings.EqualFold(p.MAC, pair.MAC) {
			return pairs
		}
	}
	return append(pairs[:len(pairs):len(pairs)], pair)
}

// settled forgets orphans that nothing is left of, or that have an heir whose record names it all.
func (s *neutron) settled(uids map[types.UID]orphan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for uid := range uids {
		delete(s.orphans, uid)
	}
}
