package openstack

import (
	"cmp"
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
	delta  delta
	// known is the port as the plan saw it; nil: it must be read.
	known *port
	// lost is the port as it stood before a write whose answer never came.
	lost *port
}

// next is the list that p shall have: with the difference made and all else as it stands; exactly, that of After, where
// that of Before stands or it was reached already.
func (w *writer) next(p *port) ([]ports.AddressPair, error) {
	d := w.delta
	if err := w.run.mayWrite(p, d); err != nil {
		return nil, fmt.Errorf("writing the pairs of %s: %w", w.change.Target, err)
	}
	if !w.run.exact {
		return edited(p.Pairs, d.add, d.remove, p.MAC), nil
	}
	if !sameSet(p.Pairs, d.after, p.MAC) && !sameSet(p.Pairs, d.before, p.MAC) {
		return nil, fmt.Errorf("%s has other pairs now (%d, and not the %d that were written): %w", w.change.Target, len(p.Pairs), len(d.before), platform.ErrMoved)
	}
	return d.after, nil
}

// write reads, plans and writes until the list stands, and gives the change back with what was really found and written.
// Whenever the outcome of a try is in doubt, the port is read.
func (w *writer) write(ctx context.Context) (platform.Change, error) {
	if revision, err := strconv.Atoi(w.change.Version); err == nil && w.run.guarded && !w.run.exact {
		w.known = &port{ID: w.change.ID, Pairs: w.delta.before, Revision: revision}
	}
	err := w.run.cloud.wire.again(ctx, writeBackoff(), func() (bool, error) {
		p, err := w.read(ctx)
		if err != nil {
			return false, err
		}
		list, err := w.next(p)
		if err != nil {
			return false, err
		}
		written := p
		if !sameSet(list, p.Pairs, p.MAC) {
			written, err = w.put(ctx, p, list)
		}
		if err == nil {
			w.change.Before, w.change.After = pairsJSON(cmp.Or(w.lost, p).Pairs), pairsJSON(written.Pairs)
			return false, nil
		}
		late := gophercloud.ResponseCodeIs(err, http.StatusPreconditionFailed) || errors.Is(err, errUndone)
		passing := w.run.cloud.wire.transient(ctx, err)
		if passing {
			w.lost = cmp.Or(w.lost, p)
		}
		return late || passing, w.run.cloud.explain(err, "writing the pairs of "+w.change.Target)
	})
	return w.change, err
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
		return nil, fmt.Errorf("%s: %w", lacking[0].IPAddress, errUndone)
	}
	return back, nil
}
