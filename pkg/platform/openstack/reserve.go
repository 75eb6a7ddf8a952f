package openstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// carryOutPort makes or deletes a reservation.
func (r *run) carryOutPort(ctx context.Context, change platform.Change) {
	value, err := json.RawMessage(nil), error(nil)
	if isNull(change.After) {
		err = r.release(ctx, change)
		r.end(change, err)
		return
	}
	if value, err = r.keep(ctx, change); err == nil {
		if isNull(value) {
			change.Before = change.After
		} else {
			change.After = value
		}
	}
	r.end(change, err)
}

// keep makes the reservation that change asks for, and gives it with its ID; null where one stood already.
func (r *run) keep(ctx context.Context, change platform.Change) (json.RawMessage, error) {
	var want reservation
	if err := json.Unmarshal(change.After, &want); err != nil {
		return nil, fmt.Errorf("reading the reservation of %s: %w", change.Target, err)
	}
	if r.lacks(want.IP) {
		return nil, fmt.Errorf("%w: the pair for %s could not be added, and a reservation without a pair takes its frames", errNotBegun, want.IP)
	}
	backoff := writeBackoff()
	sent := false
	for try := 1; ; try++ {
		var made port
		err := ports.Create(ctx, r.cloud.network, want.createOpts()).ExtractIntoStructPtr(&made, "port")
		if err == nil {
			want.ID = made.ID
			return json.Marshal(want)
		}
		passing := r.cloud.wire.transient(ctx, err)
		if passing || gophercloud.ResponseCodeIs(err, http.StatusConflict) {
			sent = sent || passing
			if value, done, err := r.adopt(ctx, want, sent); done || err != nil {
				return value, err
			}
		}
		if !passing || try == writeTries {
			return nil, r.cloud.explain(err, "reserving "+want.IP)
		}
		delay, ok := pauseFor(&backoff, err)
		if !ok || r.cloud.wire.pause(ctx, delay) != nil {
			return nil, r.cloud.explain(err, "reserving "+want.IP)
		}
	}
}

// adopt looks for who holds the address that want could not have: a port of ours or an unused one will do, and is
// ours where a request of this run may have made it. It is not done where nobody can be seen to hold it.
func (r *run) adopt(ctx context.Context, want reservation, sent bool) (value json.RawMessage, done bool, err error) {
	holder, err := r.holder(ctx, want)
	switch {
	case err != nil || holder == nil:
		return nil, false, err
	case isReservation(holder) && holder.DeviceID == want.Router && sent:
		want.ID = holder.ID
		value, err = json.Marshal(want)
		return value, true, err
	case isReservation(holder), free(holder):
		return json.RawMessage("null"), true, nil
	default:
		return nil, true, fmt.Errorf("reserving %s: port %s of project %s holds it (device owner %q, device %q): give the router another address",
			want.IP, named{holder.ID, holder.Name}, holder.ProjectID, holder.DeviceOwner, holder.DeviceID)
	}
}

// lacks reports whether a pair for address could not be added.
func (r *run) lacks(address string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.wanting {
		if k.ip == canonicalIP(address) {
			return true
		}
	}
	return false
}

// holder is the port that has the address of want on its network, or nil.
func (r *run) holder(ctx context.Context, want reservation) (*port, error) {
	found, err := r.cloud.portsWithAddress(ctx, []string{want.IP})
	for _, p := range found {
		if p.NetworkID == want.NetworkID && has(p, want.IP) {
			return p, nil
		}
	}
	return nil, err
}

// release deletes the reservation that change names. One that is gone already is done.
func (r *run) release(ctx context.Context, change platform.Change) error {
	var old reservation
	if err := json.Unmarshal(change.Before, &old); err != nil {
		return fmt.Errorf("reading the reservation of %s: %w", change.Target, err)
	}
	err := r.drop(ctx, old)
	if err != nil {
		r.mu.Lock()
		r.keeping[canonicalIP(old.IP)] = true
		r.mu.Unlock()
	}
	return err
}

func (r *run) drop(ctx context.Context, old reservation) error {
	if !plausible(old.ID) {
		return fmt.Errorf("the reservation of %s names a port %q, which is no UUID", old.IP, old.ID)
	}
	backoff := writeBackoff()
	for try := 1; ; try++ {
		p, err := r.cloud.port(ctx, old.ID)
		switch {
		case gophercloud.ResponseCodeIs(err, http.StatusNotFound):
			return nil
		case err != nil:
			return r.cloud.explain(err, "reading the reservation of "+old.IP)
		case !isReservation(p) || !has(p, old.IP):
			return fmt.Errorf("port %s no longer reserves %s: %w", old.ID, old.IP, platform.ErrMoved)
		}
		err = ports.Delete(ctx, r.cloud.network, old.ID).ExtractErr()
		if err == nil || gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			return nil
		}
		if !r.cloud.wire.transient(ctx, err) || try == writeTries {
			return r.cloud.explain(err, "deleting the reservation of "+old.IP)
		}
		delay, ok := pauseFor(&backoff, err)
		if pauseErr := r.cloud.wire.pause(ctx, delay); !ok || pauseErr != nil {
			return r.cloud.explain(errors.Join(err, pauseErr), "deleting the reservation of "+old.IP)
		}
	}
}
