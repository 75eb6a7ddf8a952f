package conformance

import (
	"fmt"
	"net/http"
	"strings"
)

// foreign is the MAC of a router, in the form that this project gives it.
const foreign = "02:e6:0a:14:c8:09"

// stored is an answer of 200 with these pairs.
func stored(pairs ...pair) answer { return answer{status: http.StatusOK, pairs: sorted(pairs)} }

func refused(status int, kind string) answer { return answer{status: status, kind: kind} }

// many are n pairs of the port's own MAC.
func many(n int) []pair {
	pairs := make([]pair, n)
	for i := range pairs {
		pairs[i] = pair{IP: fmt.Sprintf("10.20.201.%d", i+1)}
	}
	return pairs
}

// pairRows are lists that Neutron takes: it changes none of what it is sent, but for a MAC left out.
func (c *client) pairRows() []row {
	a, own := c.a, c.a.MAC
	put := func(name string, want answer, pairs ...pair) row {
		return row{name: name, port: a, request: c.writePairs(a, pairs...), want: want}
	}
	rows := []row{
		put("a MAC left out is the port's own", stored(pair{"10.20.200.9", own}), pair{IP: "10.20.200.9"}),
		put("a foreign MAC stays", stored(pair{"10.20.200.9", foreign}), pair{"10.20.200.9", foreign}),
		{
			name: "the list is replaced", port: a, given: []pair{{IP: "10.20.200.1"}},
			request: c.writePairs(a, pair{IP: "10.20.200.2"}), want: stored(pair{"10.20.200.2", own}),
		},
		{
			name: "an empty list clears", port: a, given: []pair{{IP: "10.20.200.1"}},
			request: c.writePairs(a), want: stored(),
		},
		{
			name: "null clears", port: a, given: []pair{{IP: "10.20.200.1"}},
			request: c.update(a, fields{"allowed_address_pairs": nil}), want: stored(),
		},
		{
			name: "another field leaves the list alone", port: a, given: []pair{{IP: "10.20.200.1"}},
			request: c.update(a, fields{"name": a.Name}), want: stored(pair{"10.20.200.1", own}),
		},
		put("a CIDR", stored(pair{"10.20.200.0/28", own}), pair{IP: "10.20.200.0/28"}),
		put("a CIDR with host bits", stored(pair{"10.20.200.5/28", own}), pair{IP: "10.20.200.5/28"}),
		put("an address and its /32 are two", stored(pair{"10.20.200.9", own}, pair{"10.20.200.9/32", own}),
			pair{IP: "10.20.200.9"}, pair{IP: "10.20.200.9/32"}),
		put("two spellings of an IPv6 address are two", stored(pair{"fd00:0::1", own}, pair{"fd00::1", own}),
			pair{IP: "fd00::1"}, pair{IP: "fd00:0::1"}),
		put("the case of an IPv6 address stays", stored(pair{"FD00:0020:0:0::0001", own}), pair{IP: "FD00:0020:0:0::0001"}),
		put("the case of a MAC stays, and makes two", stored(pair{"10.20.200.9", foreign}, pair{"10.20.200.9", strings.ToUpper(foreign)}),
			pair{"10.20.200.9", foreign}, pair{"10.20.200.9", strings.ToUpper(foreign)}),
		put("a MAC with dashes stays", stored(pair{"10.20.200.9", strings.ReplaceAll(foreign, ":", "-")}),
			pair{"10.20.200.9", strings.ReplaceAll(foreign, ":", "-")}),
		put("an address with two MACs", stored(pair{"10.20.200.9", foreign}, pair{"10.20.200.9", own}),
			pair{"10.20.200.9", foreign}, pair{IP: "10.20.200.9"}),
		put("the port's own address", stored(pair{a.IP, own}), pair{IP: a.IP}),
		put("another port's address", stored(pair{c.b.IP, own}), pair{IP: c.b.IP}),
		put("an address outside every subnet", stored(pair{"203.0.113.9", own}), pair{IP: "203.0.113.9"}),
		put("all addresses", stored(pair{"0.0.0.0/0", own}), pair{IP: "0.0.0.0/0"}),
		{
			name: "the pair of another port", port: c.b, given: []pair{{"10.20.200.9", foreign}},
			request: c.writePairs(c.Ports[3], pair{"10.20.200.9", foreign}), want: stored(pair{"10.20.200.9", foreign}),
		},
		{
			name: "and away again", port: c.Ports[3], given: []pair{{"10.20.200.9", foreign}},
			request: c.writePairs(c.Ports[3]), want: stored(),
		},
	}
	if c.MaxPairs > 0 {
		full := row{name: "as many as may be", port: a, request: c.writePairs(a, many(c.MaxPairs)...), want: answer{status: http.StatusOK}}
		for _, p := range many(c.MaxPairs) {
			full.want.pairs = append(full.want.pairs, pair{p.IP, own})
		}
		full.want.pairs = sorted(full.want.pairs)
		rows = append(rows, full)
	}
	return rows
}

// refusedRows are lists that Neutron does not take.
func (c *client) refusedRows() []row {
	a := c.a
	put := func(name, kind string, pairs ...any) row {
		return row{
			name: name, port: a, request: c.update(a, fields{"allowed_address_pairs": pairs}),
			want: refused(http.StatusBadRequest, kind),
		}
	}
	const twice, bad = "DuplicateAddressPairInRequest", "HTTPBadRequest"
	rows := []row{
		put("a pair twice", twice, pair{"10.20.200.9", foreign}, pair{"10.20.200.9", foreign}),
		put("the port's own MAC left out twice", twice, pair{IP: "10.20.200.9"}, pair{IP: "10.20.200.9"}),
		put("the port's own MAC given and left out", twice, pair{IP: "10.20.200.9"}, pair{"10.20.200.9", a.MAC}),
		put("no IP address", bad, pair{IP: "10.20.200.300"}),
		put("no prefix length", bad, pair{IP: "10.20.200.1/33"}),
		put("no MAC address", bad, pair{"10.20.200.1", "zz:16:3e:00:00:01"}),
		put("the address left out", "AllowedAddressPairsMissingIP", fields{"mac_address": foreign}),
		put("an unknown key", bad, fields{"ip_address": "10.20.200.1", "comment": "ours"}),
		put("a string", bad, "10.20.200.1"),
		{
			name: "an unknown field of a port", port: a, request: c.update(a, fields{"comment": "ours"}),
			want: refused(http.StatusBadRequest, bad),
		},
	}
	if c.MaxPairs > 0 {
		const exhausted = "AllowedAddressPairExhausted"
		rows = append(rows, row{
			name: "one more than may be", port: a, request: c.writePairs(a, many(c.MaxPairs+1)...),
			want: refused(http.StatusBadRequest, exhausted),
		}, row{
			name: "one more than may be, at creation", want: refused(http.StatusBadRequest, exhausted),
			request: c.create(fields{"network_id": c.Network, "allowed_address_pairs": many(c.MaxPairs + 1)}),
		})
	}
	return rows
}

// create is a POST of a port, as its owner.
func (c *client) create(port fields) request {
	return request{method: http.MethodPost, path: "/ports", token: c.Owner, body: fields{"port": port}}
}
