package openstack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// readBack looks at every port that was written, or may have been, and says what does not hold. The ledger ends with
// what stands.
func (r *run) readBack(ctx context.Context) error {
	var ids []string
	for _, o := range r.outcomes {
		if !errors.Is(o.err, errNotBegun) {
			ids = append(ids, o.change.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := r.cloud.ports(ctx, "id", unique(ids))
	if err != nil {
		r.suppose()
		return fmt.Errorf("the changes were made and could not be read back: run the command again to check: %w", err)
	}
	standing := map[string]*port{}
	for _, p := range found {
		standing[p.ID] = p
	}
	undone := 0
	for _, o := range r.outcomes {
		if errors.Is(o.err, errNotBegun) {
			continue
		}
		if r.verify(o, standing[o.change.ID]) != nil {
			undone++
		}
	}
	if undone > 0 {
		return fmt.Errorf("%d of the changes did not stand when they were read back: %w", undone, ErrUndone)
	}
	return nil
}

// verify compares a port with what was written, and tells what does not hold.
func (r *run) verify(o outcome, p *port) error {
	if p == nil {
		for _, pair := range o.delta.add {
			r.adapter.ledger.removed(recordOf(o.change.ID, pair))
		}
		if o.err == nil {
			r.end(o.change, fmt.Errorf("%s is gone since: %w", o.change.Target, ErrUndone))
			return ErrUndone
		}
		return nil
	}
	missing := minus(o.delta.add, p.Pairs, p.MAC)
	back := minus(o.delta.remove, minus(o.delta.remove, p.Pairs, p.MAC), p.MAC)
	if o.err != nil {
		// A write that failed may have been carried out all the same.
		for _, pair := range minus(minus(o.delta.add, o.delta.before, p.MAC), missing, p.MAC) {
			r.adapter.ledger.wrote(recordOf(p.ID, pair))
		}
		return nil
	}
	for _, pair := range missing {
		r.adapter.ledger.removed(recordOf(p.ID, pair))
	}
	for _, pair := range back {
		r.adapter.ledger.wrote(recordOf(p.ID, pair))
	}
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
	err := fmt.Errorf("%s: %s: %w: find who writes this port without its revision, and run the command again", o.change.Target, strings.Join(words, "; "), ErrUndone)
	r.end(o.change, err)
	return err
}

// suppose is for ports that could not be read back: a write that failed may have been carried out, so the records
// keep its pairs.
func (r *run) suppose() {
	for _, o := range r.outcomes {
		if o.err != nil && !errors.Is(o.err, errNotBegun) {
			for _, pair := range o.delta.add {
				r.adapter.ledger.wrote(recordOf(o.change.ID, pair))
			}
		}
	}
}

func recordOf(portID string, pair ports.AddressPair) Pair {
	return Pair{Port: portID, IP: pair.IPAddress, MAC: pair.MACAddress}
}

func pairNames(pairs []ports.AddressPair) string {
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.IPAddress + " with " + p.MACAddress
	}
	return strings.Join(names, ", ")
}
