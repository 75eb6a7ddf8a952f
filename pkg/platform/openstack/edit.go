package openstack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// edit is what becomes of one port's pairs, for all routers together.
type edit struct {
	port        *port
	node        string
	add, remove []ports.AddressPair
	routers     []string
	reasons     []string
}

// edit is the one of s's port, begun where there is none.
func (p *planner) edit(port *port, node string) *edit {
	e := p.edits[port.ID]
	if e == nil {
		e = &edit{port: port, node: node}
		p.edits[port.ID] = e
		p.order = append(p.order, port.ID)
	}
	return e
}

// take plans to remove a pair of the port.
func (e *edit) take(pair ports.AddressPair, router, reason string) {
	if !keys(e.remove, e.port.MAC)[keyOf(pair, e.port.MAC)] {
		e.remove = append(e.remove, pair)
	}
	e.because(router, reason)
}

// because notes for whom, and why.
func (e *edit) because(router, reason string) {
	if !slices.Contains(e.routers, router) {
		e.routers = append(e.routers, router)
	}
	if !slices.Contains(e.reasons, reason) {
		e.reasons = append(e.reasons, reason)
	}
}

// add plans the pair of s. It is EGR305 where the port has no room left.
func (p *planner) add(s *site) *finding.Finding {
	e, pair := p.edit(s.port, s.at.Node.Name), s.pair()
	after := edited(s.port.Pairs, append(slices.Clone(e.add), pair.addressPair()), e.remove, s.port.MAC)
	if len(after) > p.options.MaxPairs && len(s.port.Pairs) <= p.options.MaxPairs {
		f := noRoom(s, p.options.MaxPairs)
		return &f
	}
	if !covers(e.add, s.key(), s.port.MAC) {
		e.add = append(e.add, pair.addressPair())
	}
	e.because(s.at.Router, fmt.Sprintf("%s sends as %s with MAC %s from node %s", s.at.Router, pair.IP, pair.MAC, s.at.Node.Name))
	p.adapter.ledger.owns(s.at.Router, pair)
	return nil
}

// finish turns the edits into Changes: what is added first, then reservations, then what moves away, so that a crash
// leaves a router with a pair too many and never with one too few. A port without room for both gets and gives at once:
// else full ports whose routers change places would wait for each other.
func (p *planner) finish() {
	var first, last []platform.Change
	for _, id := range p.order {
		e := p.edits[id]
		if len(e.add)+len(e.remove) == 0 {
			// There was no room for what it was begun for.
			continue
		}
		p.forbidden(e)
		here, moving := p.split(e)
		if len(e.add) > 0 && len(edited(e.port.Pairs, e.add, here, e.port.MAC)) > p.options.MaxPairs {
			here, moving = e.remove, nil
		}
		after, v := edited(e.port.Pairs, e.add, here, e.port.MAC), version(e.port)
		switch {
		case len(e.add) > 0:
			first = append(first, e.change(e.port.Pairs, after, e.add, here, v))
		case len(here) > 0:
			last = append(last, e.change(e.port.Pairs, after, nil, here, v))
		}
		if len(moving) > 0 {
			// After the first change the revision is another; one that is not known is read before it is written.
			if len(e.add)+len(here) > 0 {
				v = ""
			}
			last = append(last, e.change(after, edited(after, nil, moving, e.port.MAC), nil, moving, v))
		}
	}
	p.room()
	p.plan.Changes = slices.Concat(first, p.reservations, last)
	finding.Sort(p.plan.Findings)
}

// split tells the pairs that e may remove at once from those that another port gets: they go last.
func (p *planner) split(e *edit) (here, moving []ports.AddressPair) {
	for _, pair := range e.remove {
		if slices.ContainsFunc(p.order, func(id string) bool {
			other := p.edits[id]
			return other != e && keys(other.add, other.port.MAC)[keyOf(pair, e.port.MAC)]
		}) {
			moving = append(moving, pair)
		} else {
			here = append(here, pair)
		}
	}
	return here, moving
}

// change is a Change of the port's list.
func (e *edit) change(before, after, add, remove []ports.AddressPair, version string) platform.Change {
	return platform.Change{ID: e.port.ID, Target: target(e.port.ID, e.node), Routers: e.routers, Field: pairsField,
		Before: pairsJSON(before), After: pairsJSON(after),
		Reason: strings.Join(e.reasons, "; "), Version: version, Command: setPairs(e.port.ID, add, remove)}
}

func version(p *port) string {
	if p.Revision == 0 {
		return ""
	}
	return strconv.Itoa(p.Revision)
}

// target names a port for people.
func target(id, node string) string {
	if node == "" {
		return "port " + id
	}
	return fmt.Sprintf("port %s (%s)", id, finding.Printable(node))
}
