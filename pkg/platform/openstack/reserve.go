package openstack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// writePort makes or deletes the reservation that change asks for, and gives the change back with the ID of one that
// was made; where one stood already, nothing has changed.
func (r *run) writePort(ctx context.Context, change platform.Change) (platform.Change, error) {
	value, write := change.After, r.keep
	if isNull(value) {
		value, write = change.Before, r.release
	}
	var asked reservation
	if err := json.Unmarshal(value, &asked); err != nil {
		return change, fmt.Errorf("reading the reservation of %s: %w", change.Target, err)
	}
	made, err := write(ctx, asked)
	switch {
	case err != nil || isNull(change.After):
	case made == "":
		change.Before = change.After
	default:
		asked.ID = made
		change.After = asked.json()
	}
	return change, err
}

// keep makes a reservation and gives its ID; "" where another stood already.
func (r *run) keep(ctx context.Context, want reservation) (id string, err error) {
	if slices.ContainsFunc(r.wanting, func(k Pair) bool { return k.IP == canonicalIP(want.IP) }) {
		return "", fmt.Errorf("%w: the pair for %s could not be added, and a reservation without a pair takes its frames", errNotBegun, want.IP)
	}
	sent := false
	err = r.cloud.wire.again(ctx, writeBackoff(), func() (bool, error) {
		var made port
		err := ports.Create(ctx, r.cloud.network, want.createOpts()).ExtractIntoStructPtr(&made, "port")
		if err == nil {
			id = made.ID
			return false, nil
		}
		passing := r.cloud.wire.transient(ctx, err)
		sent = sent || passing
		err = r.cloud.explain(err, "reserving "+want.IP)
		if !passing && !gophercloud.ResponseCodeIs(err, http.StatusConflict) {
			return false, err
		}
		// A port of ours or an unused one will do, and is ours where a request of this run may have made it.
		holder, lookErr := r.holder(ctx, want)
		switch {
		case lookErr != nil:
			return false, lookErr
		case holder == nil:
			return passing, err
		case isReservation(holder) && holder.DeviceID == want.Router && sent:
			id = holder.ID
		case !isReservation(holder) && !free(holder):
			return false, fmt.Errorf("reserving %s: port %s of project %s holds it (device owner %q, device %q): give the router another address",
				want.IP, named{holder.ID, holder.Name}, holder.ProjectID, holder.DeviceOwner, holder.DeviceID)
		}
		return false, nil
	})
	return id, err
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

// release deletes a reservation. One that is gone already is done.
func (r *run) release(ctx context.Context, old reservation) (string, error) {
	err := r.cloud.wire.again(ctx, writeBackoff(), func() (bool, error) {
		if !plausible(old.ID) {
			return false, fmt.Errorf("the reservation of %s names a port %q, which is no UUID", old.IP, old.ID)
		}
		p, err := r.cloud.port(ctx, old.ID)
		switch {
		case gophercloud.ResponseCodeIs(err, http.StatusNotFound):
			return false, nil
		case err != nil:
			return false, r.cloud.explain(err, "reading the reservation of "+old.IP)
		case !isReservation(p) || !has(p, old.IP):
			return false, fmt.Errorf("port %s no longer reserves %s: %w", old.ID, old.IP, platform.ErrMoved)
		}
		err = ports.Delete(ctx, r.cloud.network, old.ID).ExtractErr()
		if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			return false, nil
		}
		return r.cloud.wire.transient(ctx, err), r.cloud.explain(err, "deleting the reservation of "+old.IP)
	})
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.keeping = append(r.keeping, canonicalIP(old.IP))
	}
	return "", err
}
