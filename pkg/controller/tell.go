package controller

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// The reasons of Events.
const (
	reasonAdded   = "PairAdded"
	reasonRemoved = "PairRemoved"
	reasonFailed  = "PairFailed"
	// action is what sync does in all of them.
	action = "Sync"
)

// tell says to log, Events and metrics what became of o; out are the routers that are not in step, and why.
func (s *neutron) tell(o *outcome, out map[string]error) {
	nodes := map[string]string{}
	pairs := 0
	for _, at := range o.need {
		nodes[at.Router] = at.Node.Name
	}
	for router, after := range o.after {
		pairs += len(after)
		if _, there := o.routers[router]; !there {
			continue
		}
		s.tellPairs(o, router, nodes[router], reasonAdded, "allows", lacking(after, o.before[router]))
		s.tellPairs(o, router, nodes[router], reasonRemoved, "no longer allows", lacking(o.before[router], after))
	}
	for router, err := range out {
		if !s.troubles.say("router "+router, fmt.Errorf("%s is not in step: %w", router, err)) {
			continue
		}
		if r, there := o.routers[router]; there {
			s.recorder.Tell(r, nodes[router], corev1.EventTypeWarning, reasonFailed, action, err.Error())
		}
	}
	for router := range o.routers {
		if out[router] == nil {
			s.troubles.over("router " + router)
			s.arrived(router, o.changed[router])
		}
	}
	s.troubles.keep(o.routers, out)
	s.metrics.routers.Set(float64(len(o.routers)))
	s.metrics.pairs.Set(float64(pairs))
	s.metrics.outOfStep.Set(float64(len(out)))
}

// tellPairs says what a port got or lost for router.
func (s *neutron) tellPairs(o *outcome, router, node, reason, does string, pairs []openstack.Pair) {
	for _, p := range pairs {
		target := o.targets[p.Port]
		if target == "" {
			target = "port " + p.Port
		}
		s.Log.Info(reason, "router", router, "target", target, "ip", p.IP, "mac", p.MAC)
		s.recorder.Tell(o.routers[router], node, corev1.EventTypeNormal, reason, action,
			fmt.Sprintf("%s %s %s with MAC %s", target, does, p.IP, p.MAC))
	}
}

// arrived ends the time that a router was not in step, which counts where something was written for it.
func (s *neutron) arrived(router string, written bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, ok := s.moved[router]
	if ok && written {
		s.metrics.delay.Observe(time.Since(since).Seconds())
	}
	delete(s.moved, router)
}

// lacking are the pairs of a that b does not have.
func lacking(a, b []openstack.Pair) []openstack.Pair {
	var out []openstack.Pair
	for _, p := range a {
		if !slices.ContainsFunc(b, func(q openstack.Pair) bool {
			return q.Port == p.Port && q.IP == p.IP && strings.EqualFold(q.MAC, p.MAC)
		}) {
			out = append(out, p)
		}
	}
	return out
}

// listed is a pair as a Change has it.
type listed struct {
	IP  string `json:"ip_address"`
	MAC string `json:"mac_address"`
}

func (l listed) is(ip, mac string) bool { return l.IP == ip && strings.EqualFold(l.MAC, mac) }

// removedBy are the pairs that c takes away; none where it is of something else.
func removedBy(c platform.Change) []listed {
	var before, after []listed
	if json.Unmarshal(c.Before, &before) != nil || json.Unmarshal(c.After, &after) != nil {
		return nil
	}
	return slices.DeleteFunc(before, func(l listed) bool { return slices.Contains(after, l) })
}
