package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// answer is what came back. The fields of a port are empty where the answer is none.
type answer struct {
	status int
	kind   string // the type of a NeutronError; "keystone" where the error is Keystone's
	pairs  []pair // sorted: Neutron returns them in an order of its own; nil in a row: not looked at
}

// reply is an answer with all that some tests look at beside it.
type reply struct {
	answer
	port  portBody
	ports []map[string]any
	next  string // the path of the next page
	body  string
}

type portBody struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Revision int    `json:"revision_number"`
	Pairs    []pair `json:"allowed_address_pairs"`
}

// content is the body of any answer.
type content struct {
	Neutron *struct {
		Type string `json:"type"`
	} `json:"NeutronError"`
	Keystone any              `json:"error"`
	Port     portBody         `json:"port"`
	Ports    []map[string]any `json:"ports"`
	Links    []struct {
		Rel, Href string
	} `json:"ports_links"`
}

func decode(body []byte) (content, error) {
	var all content
	if len(body) == 0 {
		return all, nil
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return all, fmt.Errorf("the answer is no JSON: %w: %s", err, body)
	}
	return all, nil
}

// reply makes one of an answer.
func (c *client) reply(status int, body []byte) reply {
	c.t.Helper()
	all, err := decode(body)
	if err != nil {
		c.t.Fatalf("%d: %v", status, err)
	}
	r := reply{answer: answer{status: status, pairs: sorted(all.Port.Pairs)}, port: all.Port, ports: all.Ports, body: string(body)}
	switch {
	case all.Neutron != nil:
		r.kind = all.Neutron.Type
	case all.Keystone != nil:
		r.kind = "keystone"
	}
	for _, link := range all.Links {
		if link.Rel == "next" {
			r.next = strings.TrimPrefix(link.Href, c.Endpoint)
		}
	}
	return r
}

// sorted is never nil.
func sorted(pairs []pair) []pair {
	list := append([]pair{}, pairs...)
	slices.SortFunc(list, func(x, y pair) int {
		return cmp.Or(cmp.Compare(x.IP, y.IP), cmp.Compare(x.MAC, y.MAC))
	})
	return list
}

func equal(x, y []pair) bool { return slices.Equal(sorted(x), sorted(y)) }
