package conformance

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/common/extensions"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// devices is a list of the ports of several devices, which gophercloud's own ListOpts cannot ask for.
type devices []string

// ToPortListQuery makes devices a ports.ListOptsBuilder.
func (d devices) ToPortListQuery() (string, error) {
	return "?" + url.Values{"device_id": d}.Encode(), nil
}

// gophercloud is what its client makes of the answers.
func (c *client) gophercloud() {
	if c.Client == nil {
		return
	}
	defer c.setPairs(c.a)
	c.setPairs(c.a)
	c.guardedUpdate()
	c.clearingUpdates()

	pages, err := ports.List(c.Client, devices{c.a.Device, c.b.Device}).AllPages(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	listed, err := ports.ExtractPorts(pages)
	if err != nil {
		c.t.Fatal(err)
	}
	var found []string
	for _, port := range listed {
		found = append(found, port.Name)
	}
	slices.Sort(found)
	if want := names(c.a, c.b); !slices.Equal(found, want) {
		c.t.Errorf("a list by two devices: %v, want %v", found, want)
	}

	if err := extensions.Get(c.t.Context(), c.Client, "revision-if-match").Err; err != nil {
		c.t.Errorf("the extension revision-if-match: %v", err)
	}
	if err := extensions.Get(c.t.Context(), c.Client, "no-such-thing").Err; !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		c.t.Errorf("an extension that is none: %v, want 404", err)
	}
}

// guardedUpdate writes with the revision that stands, and then something else with the same revision.
func (c *client) guardedUpdate() {
	now := c.get(c.a).port.Revision
	opts := ports.UpdateOpts{AllowedAddressPairs: &[]ports.AddressPair{{IPAddress: "10.20.202.1", MACAddress: foreign}}, RevisionNumber: &now}
	port, err := ports.Update(c.t.Context(), c.Client, c.a.ID, opts).Extract()
	if err != nil || !slices.Equal(port.AllowedAddressPairs, *opts.AllowedAddressPairs) {
		c.t.Errorf("a guarded update: %v, %v, want %v", port, err, *opts.AllowedAddressPairs)
	}
	opts.AllowedAddressPairs = &[]ports.AddressPair{{IPAddress: "10.20.202.2", MACAddress: foreign}}
	err = ports.Update(c.t.Context(), c.Client, c.a.ID, opts).Err
	var unexpected gophercloud.ErrUnexpectedResponseCode
	if !errors.As(err, &unexpected) || unexpected.Actual != http.StatusPreconditionFailed {
		c.t.Errorf("an update with the same revision: %v, want 412", err)
		return
	}
	if body := c.reply(unexpected.Actual, unexpected.Body); body.kind != "RevisionNumberConstraintFailed" {
		c.t.Errorf("an update with the same revision: %s, want a RevisionNumberConstraintFailed", unexpected.Body)
	}
}

// clearingUpdates are those that empty the list: an empty one, and one that is nil.
func (c *client) clearingUpdates() {
	for name, none := range map[string][]ports.AddressPair{"an empty list": {}, "a nil list": nil} {
		c.setPairs(c.a, pair{IP: "10.20.202.1"})
		port, err := ports.Update(c.t.Context(), c.Client, c.a.ID, ports.UpdateOpts{AllowedAddressPairs: &none}).Extract()
		if err != nil || len(port.AllowedAddressPairs) != 0 {
			c.t.Errorf("%s: %v, %v, want no pairs", name, port, err)
		}
	}
	c.setPairs(c.a, pair{IP: "10.20.202.1"})
	port, err := ports.Update(c.t.Context(), c.Client, c.a.ID, ports.UpdateOpts{Name: &c.a.Name}).Extract()
	if want := []ports.AddressPair{{IPAddress: "10.20.202.1", MACAddress: c.a.MAC}}; err != nil || !slices.Equal(port.AllowedAddressPairs, want) {
		c.t.Errorf("an update without a list: %v, %v, want %v", port, err, want)
	}
}
