package neutron

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// TestRevisions writes a port again and again: what the answer says of the revision, and what then stands.
func TestRevisions(t *testing.T) {
	const a, b = `{"ip_address":"10.0.200.1","mac_address":"02:00:00:00:00:01"}`, `{"ip_address":"10.0.200.2","mac_address":"02:00:00:00:00:02"}`
	s := start(t, Options{Ports: 1})
	id := s.Seed().Nodes[0].PortID
	for _, step := range []struct {
		name, body     string
		answer, stands int // counted from the revision before
	}{
		{"a pair", `{"allowed_address_pairs":[{"ip_address":"10.0.200.1"}]}`, 1, 1},
		{"the same again, the MAC left out again", `{"allowed_address_pairs":[{"ip_address":"10.0.200.1"}]}`, 1, 1},
		{"cleared", `{"allowed_address_pairs":[]}`, 1, 1},
		{"cleared again: the answer is one too low", `{"allowed_address_pairs":[]}`, 0, 1},
		{"two pairs", `{"allowed_address_pairs":[` + a + `,` + b + `]}`, 1, 1},
		{"the very list that stands", `{"allowed_address_pairs":[` + a + `,` + b + `]}`, 0, 1},
		{"the same in another order", `{"allowed_address_pairs":[` + b + `,` + a + `]}`, 1, 1},
		{"cleared for once", `{"allowed_address_pairs":[]}`, 1, 1},
		{"null onto an empty list too", `{"allowed_address_pairs":null}`, 0, 1},
		{"nothing", `{}`, 0, 1},
		{"a name", `{"name":"x"}`, 1, 1},
		{"the same name", `{"name":"x"}`, 1, 1},
		{"a description counts by itself", `{"allowed_address_pairs":[{"ip_address":"10.0.200.1"}],"description":"d"}`, 2, 2},
		{"alone it is one too low", `{"description":"d"}`, 1, 2},
		{"the same security groups", `{"security_groups":["` + s.Seed().SecurityGroupID + `"]}`, 0, 1},
	} {
		before, _ := s.Port(id)
		got := send(t, s, "k8s", http.MethodPut, "/v2.0/ports/"+id, `{"port":`+step.body+`}`)
		after, _ := s.Port(id)
		if answer, stands := got.port(t).Revision-before.Revision, after.Revision-before.Revision; answer != step.answer || stands != step.stands {
			t.Errorf("%s: the answer says +%d and +%d stands, want +%d and +%d", step.name, answer, stands, step.answer, step.stands)
		}
		if read := send(t, s, "k8s", http.MethodGet, "/v2.0/ports/"+id, "").port(t).Revision; read != after.Revision {
			t.Errorf("%s: a GET says %d, and %d stands", step.name, read, after.Revision)
		}
	}
	before, _ := s.Port(id)
	for _, tag := range []string{"a", "a", "b"} {
		if got := send(t, s, "k8s", http.MethodPut, "/v2.0/ports/"+id+"/tags/"+tag, ""); got.status != http.StatusCreated {
			t.Error(got)
		}
	}
	if after, _ := s.Port(id); after.Revision != before.Revision+2 {
		t.Errorf("two new tags moved the revision from %d to %d", before.Revision, after.Revision)
	}
}

// TestIfMatch sends every form of the header to a port at revision 1.
func TestIfMatch(t *testing.T) {
	const pairs = `[{"ip_address":"10.0.200.1"}]`
	const format = "Bad if-match request: Revision number etag must be in the format of revision_number=<int>."
	for _, test := range []struct {
		name, header  string
		status        int
		kind, message string
	}{
		{"the right revision", "revision_number=1", 200, "", ""},
		{"quoted", `"revision_number=1"`, 200, "", ""},
		{"a stale one", "revision_number=7", 412, "RevisionNumberConstraintFailed", "Constrained to 7, but current revision is 1"},
		{"a stale one, quoted, among others", `"revision_number=7","foo"`, 412, "RevisionNumberConstraintFailed", "Constrained to 7, but current revision is 1"},
		{"a bare number is ignored", "5", 200, "", ""},
		{"a star is ignored", "*", 200, "", ""},
		{"a weak tag is ignored", `W/"revision_number=7"`, 200, "", ""},
		{"the name in another case is ignored", "Revision_Number=7", 200, "", ""},
		{"no number", "revision_number=abc", 400, "BadRequest", format},
		{"two of them", "revision_number=1, revision_number=1", 400, "BadRequest", format},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, Options{Ports: 1})
			got := putPairs(t, s, s.Seed().Nodes[0].PortID, pairs, "If-Match", test.header)
			if e := got.neutron(); got.status != test.status || e.Type != test.kind || e.Message != test.message {
				t.Errorf("got %v, want %d %s: %s", got, test.status, test.kind, test.message)
			}
		})
	}
}

// TestIfMatchIsNotAsked shows the write that passes a stale guard, of the very list that stands, and the requests that
// never had one.
func TestIfMatchIsNotAsked(t *testing.T) {
	s := start(t, Options{Ports: 1})
	id := s.Seed().Nodes[0].PortID
	if got := putPairs(t, s, id, `[]`, guard(7)...); got.status != http.StatusOK {
		t.Errorf("an empty list onto an empty one: %v", got)
	}
	if got := putPairs(t, s, id, many(1), "If-None-Match", "revision_number=2"); got.status != http.StatusOK {
		t.Errorf("If-None-Match: %v", got)
	}
	if got := putPairs(t, s, id, `[{"ip_address":"10.0.201.1","mac_address":"`+s.Seed().Nodes[0].MAC+`"}]`, guard(7)...); got.status != http.StatusOK {
		t.Errorf("the list that stands: %v", got)
	}
	if got := putPairs(t, s, id, many(1), guard(7)...); got.status != http.StatusPreconditionFailed {
		t.Errorf("that list with the MAC left out: %v", got)
	}
	if got := putPairs(t, s, id, `[]`, guard(7)...); got.status != http.StatusPreconditionFailed {
		t.Errorf("an empty list onto a full one: %v", got)
	}
	if got := send(t, s, "k8s", http.MethodGet, "/v2.0/ports/"+id, "", guard(7)...); got.status != http.StatusOK {
		t.Errorf("a GET: %v", got)
	}
	if got := send(t, s, "k8s", http.MethodDelete, "/v2.0/ports/"+id, "", guard(7)...); got.status != http.StatusPreconditionFailed {
		t.Errorf("a DELETE: %v", got)
	}
}

// TestNoRevisionGuard is a Neutron without the extension: it says so, and refuses the header rather than ignore it.
func TestNoRevisionGuard(t *testing.T) {
	const path = "/v2.0/extensions/revision-if-match"
	with, without := start(t, Options{}), start(t, Options{Ports: 1, NoRevisionGuard: true})
	if got := send(t, with, "k8s", http.MethodGet, path, ""); got.status != http.StatusOK {
		t.Error(got)
	}
	for accept, kind := range map[string]string{"application/json": "application/json", "*/*": "text/html; charset=UTF-8"} {
		got := send(t, without, "k8s", http.MethodGet, path, "", "Accept", accept)
		if got.status != http.StatusNotFound || got.kind() != "" || got.header.Get("Content-Type") != kind {
			t.Errorf("want 404 as %s that is no NeutronError, got %v", kind, got)
		}
	}
	id := without.Seed().Nodes[0].PortID
	if got := putPairs(t, without, id, many(1), guard(1)...); got.status != http.StatusBadRequest || got.kind() != "BadRequest" {
		t.Error(got)
	}
	if got := putPairs(t, without, id, many(1)); got.status != http.StatusOK {
		t.Error(got)
	}
}

// TestWriters has eight writers add one pair each to one port through gophercloud, reading before they write. Guarded,
// all are kept, and every write but eight is refused.
func TestWriters(t *testing.T) {
	s := start(t, Options{Ports: 1})
	id := s.Seed().Nodes[0].PortID
	client := connect(t, s, "k8s")
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			if err := addPair(t.Context(), client, id, fmt.Sprintf("10.0.203.%d", i+1)); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	if port, _ := s.Port(id); len(port.Pairs) != 8 || port.Revision != 9 {
		t.Errorf("want 8 pairs at revision 9, got %+v", port)
	}
	written := 0
	for _, request := range s.Requests() {
		if request.Write() && request.Status == http.StatusOK {
			written++
		} else if request.Write() && request.Status != http.StatusPreconditionFailed {
			t.Error(request)
		}
	}
	if written != 8 {
		t.Errorf("%d writes were carried out, want 8", written)
	}
}

// addPair adds a pair, guarded, until it is there.
func addPair(ctx context.Context, client *gophercloud.ServiceClient, id, ip string) error {
	for {
		port, err := ports.Get(ctx, client, id).Extract()
		if err != nil {
			return err
		}
		pairs := append(port.AllowedAddressPairs, ports.AddressPair{IPAddress: ip})
		_, err = ports.Update(ctx, client, id, ports.UpdateOpts{AllowedAddressPairs: &pairs, RevisionNumber: &port.RevisionNumber}).Extract()
		if !gophercloud.ResponseCodeIs(err, http.StatusPreconditionFailed) {
			return err
		}
	}
}
