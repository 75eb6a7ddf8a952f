package neutron

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// The reasons of Events.
const (
	reasonAdded   = "PairAdded"
	reasonRemoved = "PairRemoved"
	reasonFailed  = "PairFailed"
	// reasonNotGranted is of a router that may not have its address, and so nothing was tried.
	reasonNotGranted = "NotGranted"
	// action is what sync does in all of them.
	action = "Sync"
)

// conclude says of every router of s whether it is in step, to log, Events and metrics, and has those tried again that
// are not. bad are those that nothing could be done for, and gone those that are no more and of which something is left.
func (w *work) conclude(s *state, r *openstack.Result, bad map[string]error, gone map[string]bool) {
	late := map[string]bool{}
	maps.Copy(late, gone)
	out := maps.Clone(bad)
	for _, failed := range []map[string]error{r.Unrecorded, r.Failed} {
		for router, err := range failed {
			out[router], late[router] = err, true
		}
	}
	for _, p := range r.Plan.Permissions {
		if p.Allowed == platform.Yes || r.Changed[p.Router] && s.holds(p, r) || out[p.Router] != nil {
			continue
		}
		out[p.Router], late[p.Router] = errors.New(reason(p, r.Plan)), true
	}
	w.announcePairs(s, r)
	w.announceRouters(s, r, out)
	w.retry(s, late)
	w.done = s.without(r.Unrecorded)
}

// holds reports whether the pair that p is about stands now: of a router that moved to a full port only the old one went.
func (s *state) holds(p platform.Permission, r *openstack.Result) bool {
	return slices.ContainsFunc(s.need, func(at platform.Attachment) bool {
		return at.Router == p.Router && at.Node.Name == p.Node && slices.ContainsFunc(r.Recorded[at.Router], func(pair openstack.Pair) bool {
			return pair.IP == at.IP.Addr().String() && strings.EqualFold(pair.MAC, at.MAC)
		})
	})
}

// reason is why a router's frames may not pass: a finding's words, with what fixes it.
func reason(p platform.Permission, plan *platform.Plan) string {
	text := ""
	for _, f := range plan.Findings {
		if f.Object != p.Router || f.Level == finding.Info {
			continue
		}
		said := fmt.Sprintf("%s: %s: %s", f.Code, f.Message, f.Why)
		if f.Code == finding.PairLimit && f.Level == finding.Error {
			return said // why the pair is missing, which is a finding before it
		}
		text = cmp.Or(text, said)
	}
	return cmp.Or(text, p.Why)
}

// announcePairs says what ports got and lost.
func (w *work) announcePairs(s *state, r *openstack.Result) {
	pairs := 0
	for router, after := range r.Recorded {
		pairs += len(after)
		for _, p := range lacking(after, r.Before[router]) {
			w.announcePair(s, router, r.Target(p), reasonAdded, "allows", p)
		}
		for _, p := range lacking(r.Before[router], after) {
			w.announcePair(s, router, r.Target(p), reasonRemoved, "no longer allows", p)
		}
	}
	w.pairs.Set(float64(pairs))
}

func (w *work) announcePair(s *state, router, target, reason, does string, p openstack.Pair) {
	w.Log.Info(reason, "router", router, "target", target, "ip", p.IP, "mac", p.MAC)
	w.Recorder.Tell(s.routers[router], s.nodeOf(router), corev1.EventTypeNormal, reason, action,
		fmt.Sprintf("%s %s %s with MAC %s", target, does, p.IP, p.MAC))
}

// lacking are the pairs of a that b does not have.
func lacking(a, b []openstack.Pair) []openstack.Pair {
	return slices.DeleteFunc(slices.Clone(a), func(p openstack.Pair) bool { return slices.Contains(b, p) })
}

// nodeOf is the name of the node that a router's frames leave from, or "".
func (s *state) nodeOf(router string) string {
	for _, at := range s.need {
		if at.Router == router {
			return at.Node.Name
		}
	}
	return ""
}

// known returns a router that is there, one that was left out too.
func (s *state) known(router string) (r snapshot.Router, there bool) {
	if r, there = s.routers[router]; !there {
		r, there = s.leftOut[router]
	}
	return r, there
}

// announceRouters says which routers are not in step, and why, and which are again.
func (w *work) announceRouters(s *state, r *openstack.Result, out map[string]error) {
	w.announceDenied(s, out)
	for router, err := range out {
		if errors.Is(err, errNotGranted) || !w.Troubles.Say("router "+router, fmt.Errorf("%s is not in step: %w", router, err)) {
			continue
		}
		if on, there := s.known(router); there {
			w.Recorder.Tell(on, s.nodeOf(router), corev1.EventTypeWarning, reasonFailed, action, controller.Note(err.Error(), ""))
		}
	}
	for router := range s.routers {
		if out[router] != nil {
			continue
		}
		w.Troubles.Over("router " + router)
		// The time that a router was not in step counts where something was written for it.
		if since, ok := w.moved[router]; ok && r.Changed[router] {
			w.delay.Observe(time.Since(since).Seconds())
		}
		delete(w.moved, router)
	}
	w.Troubles.Keep(s.routers, out)
	w.Metrics.Routers.Set(float64(len(s.routers)))
	w.Metrics.OutOfStep.Set(float64(len(out)))
}
