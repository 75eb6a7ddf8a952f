package neutron

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
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

// Deleted keeps what the record of a deleted router names. A router whose deletion was not seen leaves its pairs: nobody
// knows then what was recorded last.
func (w *work) Deleted(last snapshot.Router) {
	pairs, err := openstack.Decode(w.Records.Of(last))
	if err != nil || len(pairs) == 0 || last.UID == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.orphans[last.UID] = orphan{egress.Key(&last.EgressRouter), pairs, time.Now()}
}

// inherit gives s what deleted routers have left, and returns what is to be taken back. A pair for the address of a
// router of s is that router's from now on, as when it was created again or under the other provisioner; it waits until it is
// known where that is.
func (w *work) inherit(s *state) map[types.UID]orphan {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := map[types.UID]orphan{}
	for uid, o := range w.orphans {
		if s.hasUID(uid) || w.Leading().Sub(o.since) > longestHandover {
			delete(w.orphans, uid) // it was not gone after all, or is another's who led before
			continue
		}
		rest := orphan{router: o.router, since: o.since}
		waits := s.unreadable
		for _, pair := range o.pairs {
			heir, waiting := s.heirOf(pair)
			switch {
			case heir == "" && waiting:
				waits = true
			case heir == "":
				rest.pairs = append(rest.pairs, pair)
			case !slices.Contains(s.recorded[heir], pair):
				s.recorded[heir] = append(slices.Clip(s.recorded[heir]), pair)
			}
		}
		if !waits {
			left[uid] = rest
		}
	}
	return left
}

// hasUID reports whether the router of that UID is in s.
func (s *state) hasUID(uid types.UID) bool {
	for _, r := range s.routers {
		if r.UID == uid {
			return true
		}
	}
	return false
}

// heirOf returns the router of s that has the address of pair; waits tells that there is one of which more must be known.
func (s *state) heirOf(pair openstack.Pair) (heir string, waits bool) {
	address, err := netip.ParseAddr(pair.IP)
	if err != nil {
		return "", false
	}
	for _, at := range s.need {
		if at.IP.Addr() == address {
			return at.Router, false
		}
	}
	return "", s.addresses[address]
}

// takeBack removes the pairs of routers that are gone, and forgets what nothing is left of, or that has an heir whose
// record names it all.
func (w *work) takeBack(ctx context.Context, keeper *openstack.Keeper, done *openstack.Result, left map[types.UID]orphan) error {
	if len(left) == 0 || len(done.Unrecorded) > 0 {
		return nil
	}
	records := map[string][]openstack.Pair{}
	for _, o := range left {
		if len(o.pairs) > 0 {
			records[o.router] = append(records[o.router], o.pairs...)
		}
	}
	if len(records) > 0 {
		err := keeper.TakeBack(ctx, records, func(c platform.Change, err error) {
			if err == nil {
				w.Log.Info("taken back what was written for a router that is gone", "target", c.Target, "why", c.Reason)
			}
		})
		if err != nil {
			return w.cloudTrouble(ctx, err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for uid := range left {
		delete(w.orphans, uid)
	}
	return nil
}
