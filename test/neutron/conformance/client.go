package conformance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// client sends the requests of one test.
type client struct {
	Target
	t    *testing.T
	http *http.Client
	// a and b are the ports that most requests are about. The first of the ports may be a trunk's parent.
	a, b Port
}

func newClient(t *testing.T, target Target) *client {
	target.Endpoint = strings.TrimSuffix(target.Endpoint, "/") + "/v2.0"
	requests := &http.Client{}
	if target.Client != nil {
		requests = &target.Client.HTTPClient // which trusts the cloud's own CA
	}
	return &client{Target: target, t: t, http: requests, a: target.Ports[1], b: target.Ports[2]}
}

// with is c for a test of its own.
func (c *client) with(t *testing.T) *client {
	t.Helper()
	own := *c
	own.t = t
	return &own
}

// pair is an allowed-address pair; the MAC is the port's own where it is left out.
type pair struct {
	IP  string `json:"ip_address"`
	MAC string `json:"mac_address,omitempty"`
}

// fields are the body of a request: a port's, most often.
type fields map[string]any

// request is one request. A path without a token is asked for without one.
type request struct {
	method, path string
	base         string // what the path is added to; empty: Neutron
	token        string
	header       string // If-Match
	body         any
}

// row is a request and the answer that it must have, about a port with the given pairs.
type row struct {
	name  string
	port  Port // the one that given is written to; none: given is not written
	given []pair
	request
	// guard makes the If-Match header from the revision of port.
	guard func(revision int) string
	want  answer
}

// ask sends the request of each row and compares. The ports have no pairs afterwards.
func (c *client) ask(table []row) {
	used := map[string]Port{}
	for _, row := range table {
		c.t.Run(row.name, func(t *testing.T) {
			c := c.with(t)
			if row.port.ID != "" {
				c.setPairs(row.port, row.given...)
				used[row.port.ID] = row.port
			}
			request := row.request
			if row.guard != nil {
				request.header = row.guard(c.get(row.port).port.Revision)
			}
			got := c.send(request)
			if row.want.pairs == nil {
				got.pairs = nil
			}
			if !reflect.DeepEqual(got.answer, row.want) {
				t.Errorf("%s %s\n got %+v\nwant %+v\nbody %s", row.method, row.path, got.answer, row.want, got.body)
			}
		})
	}
	for _, port := range used {
		c.setPairs(port)
	}
}

// setPairs writes the pairs of a port, as its owner.
func (c *client) setPairs(port Port, pairs ...pair) reply {
	c.t.Helper()
	r := c.send(c.writePairs(port, pairs...))
	if r.status != http.StatusOK {
		c.t.Fatalf("writing the pairs %+v to port %s: %d %s", pairs, port.Name, r.status, r.body)
	}
	return r
}

// get reads a port, as its owner.
func (c *client) get(port Port) reply {
	c.t.Helper()
	r := c.send(request{method: http.MethodGet, path: "/ports/" + port.ID, token: c.Owner})
	if r.status != http.StatusOK {
		c.t.Fatalf("reading port %s: %d %s", port.Name, r.status, r.body)
	}
	return r
}

// update is a PUT of some fields of a port, as its owner.
func (c *client) update(port Port, changed fields) request {
	return request{method: http.MethodPut, path: "/ports/" + port.ID, token: c.Owner, body: fields{"port": changed}}
}

// writePairs is a PUT of a port's pairs, as its owner.
func (c *client) writePairs(port Port, pairs ...pair) request {
	if pairs == nil {
		pairs = []pair{}
	}
	return c.update(port, fields{"allowed_address_pairs": pairs})
}

// as is r with another token.
func (r request) as(token string) request {
	r.token = token
	return r
}

// revision is the header value that Neutron takes as a guard.
func revision(number int) string { return "revision_number=" + strconv.Itoa(number) }

// send sends one request. Only a request that gets no answer at all ends the test.
func (c *client) send(r request) reply {
	c.t.Helper()
	status, body, err := c.roundTrip(r)
	if err != nil {
		c.t.Fatalf("%s %.200s: %v", r.method, r.path, err)
	}
	return c.reply(status, body)
}

func (c *client) roundTrip(r request) (status int, body []byte, err error) {
	var content io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), r.method, cmp.Or(r.base, c.Endpoint)+r.path, content)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json") // as gophercloud does: it shapes some errors
	if r.token != "" {
		request.Header.Set("X-Auth-Token", r.token)
	}
	if r.header != "" {
		request.Header.Set("If-Match", r.header)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(response.Body)
	if closeErr := response.Body.Close(); err == nil {
		err = closeErr
	}
	return response.StatusCode, body, err
}
