package neutron

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// longestHandover is how long ago a router may have been deleted when this process comes to lead: longer than a new leader
// takes to be found. The one before has taken back the pairs of those that went before.
const longestHandover = 5 * time.Minute

// orphan is a router that was seen to go, of whose pair there is no record but its form.
type orphan struct {
	router string
	since  time.Time
}

// wish is an address that a namespace has asked for.
type wish struct {
	namespace string
	address   netip.Addr
}

// Deleted notes the address of a router that is gone. What is recorded of it is found by its record.
func (w *work) Deleted(last snapshot.Router) {
	if _, ok := openstack.OwnPair(egress.ReservedIP(&last.EgressRouter)); !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// By namespace, so that one who deletes what asks for another's address hides nothing.
	address := egress.ReservedIP(&last.EgressRouter)
	w.orphans[wish{last.Namespace, address}] = orphan{egress.Key(&last.EgressRouter), time.Now()}
}

// inherit gives s what routers that are gone have left, and returns what is to be taken back, by router. A pair for the
// address of a router of s is that router's from now on, as when it was created again or under the other provisioner; it waits
// until it is known where that is.
func (w *work) inherit(s *state) map[string][]openstack.Pair {
	left := map[string][]openstack.Pair{}
	for router, pairs := range s.gone {
		rest := []openstack.Pair{}
		waits := s.unreadable
		for _, pair := range pairs {
			heir, waiting := w.heirOf(s, router, pair)
			switch {
			case heir == "" && waiting:
				waits = true
			case heir == "":
				rest = append(rest, pair)
			case !slices.Contains(s.recorded[heir], pair):
				s.recorded[heir] = append(slices.Clip(s.recorded[heir]), pair)
			}
		}
		if !waits {
			left[router] = rest
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for of, o := range w.orphans {
		switch pair, _ := openstack.OwnPair(of.address); {
		case !s.grants.Holds(of.namespace, of.address), s.isAsked(of.address, o.router, true), w.Leading().Sub(o.since) > longestHandover:
			// It was never written for that one, or the pair is another router's now, or another process has led since.
			delete(w.orphans, of)
		case !s.unreadable:
			left[o.router] = append(left[o.router], pair)
		}
	}
	return left
}

// heirOf returns the router of s that has the address of pair, which router has left; waits tells that there is one of which more
// must be known.
func (w *work) heirOf(s *state, router string, pair openstack.Pair) (heir string, waits bool) {
	address, err := netip.ParseAddr(pair.IP)
	if err != nil {
		return "", false
	}
	for _, at := range s.need {
		if at.IP.Addr() == address {
			return at.Router, false
		}
	}
	return "", s.isAsked(address, router, w.isSurely(s, router, pair, address))
}

// takeBack removes the pairs of routers that are gone, and their records. What fails is tried again, and holds up no other.
func (w *work) takeBack(ctx context.Context, a *attempt, done *openstack.Result, left map[string][]openstack.Pair) (late map[string]bool) {
	if len(left) == 0 || len(done.Unrecorded) > 0 {
		return nil
	}
	err := a.keeper.TakeBack(ctx, left, func(c platform.Change, err error) {
		if err == nil {
			w.Log.Info("taken back what was written for a router that is gone, or no longer granted it", "target", c.Target, "why", c.Reason)
		}
	})
	if err != nil && ctx.Err() == nil {
		w.Troubles.Say("orphans", err)
		late = map[string]bool{}
		for router := range left {
			late[router] = true
		}
		return late
	}
	w.Troubles.Over("orphans")
	w.mu.Lock()
	defer w.mu.Unlock()
	for of, o := range w.orphans {
		if _, ok := left[o.router]; ok {
			delete(w.orphans, of)
		}
	}
	for router := range left {
		if _, there := a.leftOut[router]; there {
			delete(w.held, router)
		}
	}
	return nil
}
