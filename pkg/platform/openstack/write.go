package openstack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// writeTries is how often a port is written before giving up: of several writers on one port one wins in each round.
const writeTries = 24

func writeBackoff() wait.Backoff {
	return wait.Backoff{Duration: 50 * time.Millisecond, Factor: 1.5, Jitter: 1, Steps: writeTries, Cap: 2 * time.Second}
}

// writer writes the pairs of one port until they stand.
type writer struct {
	run    *run
	change platform.Change
	// next plans the new list from the one that stands; a nil error with done means that nothing has to be written.
	next func(p *port) (list []ports.AddressPair, done bool, err error)
	// known is the port as the plan saw it; nil: it must be read.
	known *port
	// lost is the list that stood before a write whose answer never came.
	lost []ports.AddressPair
	sent bool
}

// writePairs makes the difference d on the change's port, with all else as it stands. It gives the change back with
// what was really found and written.
func (r *run) writePairs(ctx context.Context, change platform.Change, d delta) (platform.Change, error) {
	w := &writer{run: r, change: change, next: func(p *port) ([]ports.AddressPair, bool, error) {
		list := edited(p.Pairs, d.add, d.remove, p.MAC)
		return list, sameSet(list, p.Pairs, p.MAC), nil
	}}
	if revision, err := strconv.Atoi(change.Version); err == nil && r.guarded {
		w.known = &port{ID: change.ID, Pairs: d.before, Revision: revision}
	}
	return w.write(ctx)
}

// write reads, plans and writes until the list stands. Whatever the outcome of a try is in doubt, the port is read.
func (w *writer) write(ctx context.Context) (platform.Change, error) {
	backoff := writeBackoff()
	for try := 1; ; try++ {
		p, err := w.read(ctx)
		if err != nil {
			return w.change, err
		}
		list, done, err := w.next(p)
		if err != nil || done {
			return w.ended(p, p.Pairs, err)
		}
		written, err := w.put(ctx, p, list)
		if err == nil {
			return w.ended(p, written.Pairs, nil)
		}
		late := gophercloud.ResponseCodeIs(err, http.StatusPreconditionFailed) || errors.Is(err, ErrUndone)
		passing := w.run.cloud.wire.transient(ctx, err)
		if passing && !w.sent {
			w.sent, w.lost = true, p.Pairs
		}
		if !late && !passing || try == writeTries {
			return w.change, w.run.cloud.explain(err, "writing the pairs of "+w.change.Target)
		}
		delay, ok := pauseFor(&backoff, err)
		if !ok || w.run.cloud.wire.pause(ctx, delay) != nil {
			return w.change, w.run.cloud.explain(err, "writing the pairs of "+w.change.Target)
		}
	}
}

// read is the port as it was planned for, the first time, and as it stands after that.
func (w *writer) read(ctx context.Context) (*port, error) {
	if w.known != nil {
		p := w.known
		w.known = nil
		return p, nil
	}
	p, err := w.run.cloud.port(ctx, w.change.ID)
	return p, w.run.cloud.explain(err, "reading "+w.change.Target)
}

// put writes list where p has not changed. Without a guard it is read back at once.
func (w *writer) put(ctx context.Context, p *port, list []ports.AddressPair) (*port, error) {
	if list == nil {
		list = []ports.AddressPair{}
	}
	options := ports.UpdateOpts{AllowedAddressPairs: &list}
	guarded := w.run.guarded && p.Revision > 0
	if guarded {
		options.RevisionNumber = &p.Revision
	}
	var written port
	if err := ports.Update(ctx, w.run.cloud.network, p.ID, options).ExtractIntoStructPtr(&written, "port"); err != nil {
		return nil, err
	}
	if guarded {
		return &written, nil
	}
	back, err := w.run.cloud.port(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	if lacking := minus(list, back.Pairs, back.MAC); len(lacking) > 0 {
		return nil, fmt.Errorf("%s: %w", lacking[0].IPAddress, ErrUndone)
	}
	return back, nil
}

// ended is the change as it was really carried out.
func (w *writer) ended(p *port, after []ports.AddressPair, err error) (platform.Change, error) {
	if err != nil {
		return w.change, err
	}
	before := p.Pairs
	if w.sent {
		before = w.lost
	}
	out := w.change
	if out.Before, err = pairsJSON(before); err != nil {
		return out, fmt.Errorf("writing down what %s had: %w", out.Target, err)
	}
	if out.After, err = pairsJSON(after); err != nil {
		return out, fmt.Errorf("writing down what %s has: %w", out.Target, err)
	}
	return out, nil
}
