package openstack

import (
	"encoding/json"
	"fmt"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// The fields that a Change of this adapter is of.
const (
	// pairsField is a port's list of pairs.
	pairsField = "allowed_address_pairs"
	// portField is a whole port: one that reserves an address, made or deleted.
	portField = "port"
)

// delta is what a Change does to a list of pairs.
type delta struct {
	before, after []ports.AddressPair
	add, remove   []ports.AddressPair
}

// deltaOf reads a Change of pairsField. Values of a saved plan come from a file, so they may be anything.
func deltaOf(change platform.Change) (delta, error) {
	var d delta
	if err := json.Unmarshal(change.Before, &d.before); err != nil {
		return delta{}, fmt.Errorf("reading the pairs before of %s: %w", change.Target, err)
	}
	if err := json.Unmarshal(change.After, &d.after); err != nil {
		return delta{}, fmt.Errorf("reading the pairs after of %s: %w", change.Target, err)
	}
	// Neutron fills every MAC in, so the port's own need not be known here.
	d.add, d.remove = minus(d.after, d.before, ""), minus(d.before, d.after, "")
	return d, nil
}

// pairsJSON is a list as a Change holds it; never null. Strings can always be written as JSON.
func pairsJSON(list []ports.AddressPair) json.RawMessage {
	out, _ := json.Marshal(append([]ports.AddressPair{}, list...))
	return out
}
