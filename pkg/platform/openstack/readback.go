package openstack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// readBack looks at every port that was written, or may have been, and says what does not hold. The ledger ends with
// what stands.
func (r *run) readBack(ctx context.Context) error {
	begun := collect.Filter(r.outcomes, func(o outcome) bool { return !errors.Is(o.err, errNotBegun) })
	found, err := r.cloud.ports(ctx, "id", collect.Unique(collect.Map(begun, func(o outcome) string { return o.change.ID })))
	if err != nil {
		for _, o := range begun {
			if o.err != nil {
				// It may have been carried out, so the record keeps its pairs.
				r.adapter.ledger.wrote(o.change.ID, o.delta.add)
			}
		}
		return fmt.Errorf("the changes were made and could not be read back: run the command again to check: %w", err)
	}
	standing := map[string]*port{}
	for _, p := range found {
		standing[p.ID] = p
	}
	undone := 0
	for _, o := range begun {
		if err := r.verify(o, standing[o.change.ID]); err != nil {
			undone++
			r.end(o.change, err)
		}
	}
	if undone > 0 {
		return fmt.Errorf("%d of the changes did not stand when they were read back: %w", undone, errUndone)
	}
	return nil
}

// verify compares a port with what was written, and tells what does not hold of a change that ended well.
func (r *run) verify(o outcome, p *port) error {
	if p == nil {
		r.adapter.ledger.removed(o.change.ID, o.delta.add)
		if o.err == nil {
			return fmt.Errorf("%s is gone since: %w", o.change.Target, errUndone)
		}
		return nil
	}
	missing := minus(o.delta.add, p.Pairs, p.MAC)
	back := minus(o.delta.remove, minus(o.delta.remove, p.Pairs, p.MAC), p.MAC)
	if o.err != nil {
		// A write that failed may have been carried out all the same.
		r.adapter.ledger.wrote(p.ID, minus(minus(o.delta.add, o.delta.before, p.MAC), missing, p.MAC))
		missing, back = nil, nil
	}
	r.adapter.ledger.removed(p.ID, missing)
	r.adapter.ledger.wrote(p.ID, back)
	var words []string
	if len(missing) > 0 {
		words = append(words, "what was added is gone: "+pairNames(missing))
	}
	if len(back) > 0 {
		words = append(words, "what was removed is back: "+pairNames(back))
	}
	if len(words) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s: %w: find who writes this port without its revision, and run the command again", o.change.Target, strings.Join(words, "; "), errUndone)
}

func pairNames(pairs []ports.AddressPair) string {
	return strings.Join(collect.Map(pairs, func(p ports.AddressPair) string { return p.IPAddress + " with " + p.MACAddress }), ", ")
}
