package conformance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
)

// reservation is a port of ours that has an address, so that nobody else is given it.
func (c *client) reservation() {
	const owner = "kubectl-egress"
	address := c.Free
	post := c.create(fields{
		"network_id": c.Network, "name": "reserved", "device_owner": owner,
		"fixed_ips": []fields{{"subnet_id": c.Subnet, "ip_address": address}},
	})
	made := c.send(post)
	if made.status != http.StatusCreated || made.port.ID == "" {
		c.t.Fatalf("a port with a fixed address: %d, want 201: %s", made.status, made.body)
	}
	remove := request{method: http.MethodDelete, path: "/ports/" + made.port.ID, token: c.Owner}
	steps := []row{
		{name: "a second one", request: post, want: refused(http.StatusConflict, "IpAddressAlreadyAllocated")},
		{name: "its address as a pair of a node", request: c.writePairs(c.a, pair{address, foreign}), want: stored(pair{address, foreign})},
		{name: "no pair any more", request: c.writePairs(c.a), want: stored()},
		{name: "delete it", request: remove, want: answer{status: http.StatusNoContent}},
		{name: "delete it again", request: remove, want: refused(http.StatusNotFound, "PortNotFound")},
	}
	held := c.send(request{method: http.MethodGet, token: c.Owner, path: "/ports?" + url.Values{
		"network_id": {c.Network}, "fixed_ips": {"ip_address=" + address}, "fields": {"id", "device_owner", "device_id"},
	}.Encode()})
	want := []map[string]any{{"id": made.port.ID, "device_owner": owner, "device_id": ""}}
	if held.status != http.StatusOK || !reflect.DeepEqual(held.ports, want) {
		c.t.Errorf("who holds %s: %d %v, want %v", address, held.status, held.ports, want)
	}
	c.ask(steps)
}

// trunk is how a port that carries others is read.
func (c *client) trunk() {
	if c.Trunk.ID == "" {
		return
	}
	type subport struct {
		Port string `json:"port_id"`
		VLAN int    `json:"segmentation_id"`
		Type string `json:"segmentation_type"`
		MAC  string `json:"mac_address,omitempty"`
	}
	want := subport{Port: c.Trunk.Subport.ID, VLAN: c.Trunk.VLAN, Type: "vlan"}
	listed := c.send(request{method: http.MethodGet, token: c.Owner, path: "/trunks?" + url.Values{"port_id": {c.Ports[0].ID}}.Encode()})
	var trunks struct {
		Trunks []struct {
			ID       string    `json:"id"`
			Port     string    `json:"port_id"`
			Subports []subport `json:"sub_ports"`
		} `json:"trunks"`
	}
	if err := json.Unmarshal([]byte(listed.body), &trunks); err != nil {
		c.t.Fatalf("the trunks of a port: %v: %s", err, listed.body)
	}
	if len(trunks.Trunks) != 1 || trunks.Trunks[0].ID != c.Trunk.ID || trunks.Trunks[0].Port != c.Ports[0].ID ||
		!slices.Equal(trunks.Trunks[0].Subports, []subport{want}) {
		c.t.Errorf("the trunks of a port: %s, want trunk %s with %+v", listed.body, c.Trunk.ID, want)
	}
	var parent struct {
		Port struct {
			Details struct {
				ID       string    `json:"trunk_id"`
				Subports []subport `json:"sub_ports"`
			} `json:"trunk_details"`
		} `json:"port"`
	}
	if err := json.Unmarshal([]byte(c.get(c.Ports[0]).body), &parent); err != nil {
		c.t.Fatal(err)
	}
	want.MAC = c.Trunk.Subport.MAC
	if got := parent.Port.Details; got.ID != c.Trunk.ID || !slices.Equal(got.Subports, []subport{want}) {
		c.t.Errorf("the trunk of the parent: %+v, want trunk %s with %+v", got, c.Trunk.ID, want)
	}
	// The server of the parent is nowhere in a subport: only the trunk leads to it.
	query := url.Values{"id": {c.Trunk.Subport.ID}, "fields": {"device_id", "device_owner"}}
	found := c.send(request{method: http.MethodGet, token: c.Owner, path: "/ports?" + query.Encode()})
	if want := []map[string]any{{"device_id": "", "device_owner": "trunk:subport"}}; !reflect.DeepEqual(found.ports, want) {
		c.t.Errorf("a subport: %v, want %v", found.ports, want)
	}
	// A subport's pairs are its own.
	c.ask([]row{{
		name: "pairs of a subport", port: c.Trunk.Subport,
		request: c.writePairs(c.Trunk.Subport, pair{"10.40.0.9", foreign}), want: stored(pair{"10.40.0.9", foreign}),
	}})
}
