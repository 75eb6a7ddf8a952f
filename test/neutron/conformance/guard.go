package conformance

import (
	"net/http"
	"strconv"
	"sync"
)

// guardRows are the forms of If-Match: which of them guard a write, and which only look so.
func (c *client) guardRows() []row {
	write := func(name string, guard func(int) string, want answer) row {
		return row{
			name: name, port: c.a, given: []pair{{IP: "10.20.202.1"}}, guard: guard,
			request: c.writePairs(c.a, pair{IP: "10.20.202.2"}), want: want,
		}
	}
	written := stored(pair{"10.20.202.2", c.a.MAC})
	failed := refused(http.StatusPreconditionFailed, "RevisionNumberConstraintFailed")
	older := func(now int) string { return revision(now - 1) }
	return []row{
		write("the revision that stands", revision, written),
		write("an older one", older, failed),
		write("one that is still to come", func(now int) string { return revision(now + 1) }, failed),
		write("an older one in quotes", func(now int) string { return strconv.Quote(revision(now - 1)) }, failed),
		write("no number", func(int) string { return "revision_number=abc" }, refused(http.StatusBadRequest, "BadRequest")),
		write("a bare older number is ignored", func(now int) string { return strconv.Itoa(now - 1) }, written),
		write("a star is ignored", func(int) string { return "*" }, written),
		write("no guard", nil, written),
		{
			// Where nothing is to be changed, nothing is looked at.
			name: "an older one, with the list that stands", port: c.a, given: []pair{{"10.20.202.1", foreign}},
			guard: older, request: c.writePairs(c.a, pair{"10.20.202.1", foreign}), want: stored(pair{"10.20.202.1", foreign}),
		},
		{
			// A MAC left out makes another list of it.
			name: "an older one, with the list that is there in other words", port: c.a, given: []pair{{"10.20.202.1", c.a.MAC}},
			guard: older, request: c.writePairs(c.a, pair{IP: "10.20.202.1"}), want: failed,
		},
		{
			name: "an older one, to clear", port: c.a, given: []pair{{"10.20.202.1", foreign}},
			guard: older, request: c.writePairs(c.a), want: failed,
		},
		{
			name: "an older one, for another field", port: c.a, guard: older, request: c.update(c.a, fields{"name": c.a.Name + "x"}), want: failed,
		},
	}
}

// revisions tells what moves a port's revision, and where it can be read.
func (c *client) revisions() {
	moves := func(what string, want int, write func()) {
		c.t.Helper()
		before := c.get(c.a).port.Revision
		write()
		if got := c.get(c.a).port.Revision - before; got != want {
			c.t.Errorf("%s moved the revision by %d, want %d", what, got, want)
		}
	}
	put := func(r request) func() {
		return func() {
			c.t.Helper()
			if got := c.send(r); got.status != http.StatusOK && got.status != http.StatusCreated && got.status != http.StatusNoContent {
				c.t.Fatalf("%s %s: %d %s", r.method, r.path, got.status, got.body)
			}
		}
	}
	defer c.setPairs(c.a)
	moves("a new list", 1, put(c.writePairs(c.a, pair{IP: "10.20.202.7"})))
	moves("the same list again", 1, put(c.writePairs(c.a, pair{IP: "10.20.202.7"})))
	moves("a new name", 1, put(c.update(c.a, fields{"name": c.a.Name + "-renamed"})))
	moves("the old name", 1, put(c.update(c.a, fields{"name": c.a.Name})))
	tag := request{path: "/ports/" + c.a.ID + "/tags/kubectl-egress", token: c.Owner}
	tag.method = http.MethodPut
	moves("a tag", 1, put(tag))
	tag.method = http.MethodDelete
	moves("a tag taken away", 1, put(tag))
	moves("a read", 0, func() { c.get(c.a) })
	c.answeredRevisions()
}

// answeredRevisions is where a PUT's answer can be trusted: not where nothing was to be changed, since
// the revision moves after that answer is made.
func (c *client) answeredRevisions() {
	for _, test := range []struct {
		name  string
		given []pair
		pairs []pair
		low   int // by how much the answer is too low
	}{
		{"a new list", nil, []pair{{"10.20.202.7", foreign}}, 0},
		{"the list that stands", []pair{{"10.20.202.7", foreign}}, []pair{{"10.20.202.7", foreign}}, 1},
		{"a list cleared", []pair{{"10.20.202.7", foreign}}, nil, 0},
		{"an empty list cleared", nil, nil, 1},
	} {
		c.setPairs(c.a, test.given...)
		answered := c.setPairs(c.a, test.pairs...).port.Revision
		if got := c.get(c.a).port.Revision - answered; got != test.low {
			c.t.Errorf("%s: the answer's revision is %d too low, want %d", test.name, got, test.low)
		}
	}
}

// lostUpdate is two writers who read the same list: unguarded, the second takes away what the first wrote.
func (c *client) lostUpdate() {
	defer c.setPairs(c.a)
	c.setPairs(c.a)
	read := c.get(c.a).port
	first, second := append(read.Pairs, pair{IP: "10.20.202.1"}), append(read.Pairs, pair{IP: "10.20.202.2"})
	c.setPairs(c.a, first...)
	c.setPairs(c.a, second...)
	if got, want := c.get(c.a).port.Pairs, (pair{"10.20.202.2", c.a.MAC}); len(got) != 1 || got[0] != want {
		c.t.Errorf("after two unguarded writes the port has %+v, want %+v alone", got, want)
	}
}

// concurrentWrites is eight writers who add a pair each, guarded: none of their pairs is lost.
func (c *client) concurrentWrites() {
	const attempts = 200
	writers := 8
	if c.MaxPairs > 0 {
		writers = min(writers, c.MaxPairs)
	}
	defer c.setPairs(c.a)
	c.setPairs(c.a)
	var group sync.WaitGroup
	for _, added := range many(writers) {
		group.Go(func() {
			for range attempts {
				if c.addGuarded(added) {
					return
				}
			}
			c.t.Errorf("the pair %s was not written in %d attempts", added.IP, attempts)
		})
	}
	group.Wait()
	want := many(writers)
	for i := range want {
		want[i].MAC = c.a.MAC
	}
	if got := c.get(c.a).answer; !equal(got.pairs, want) {
		c.t.Errorf("after %d guarded writers the port has %+v, want %+v", writers, got.pairs, want)
	}
}

// addGuarded reads the list and writes it with one pair more. It is called outside of the test's own
// goroutine, which is why it ends no test.
func (c *client) addGuarded(added pair) bool {
	status, body, err := c.roundTrip(request{method: http.MethodGet, path: "/ports/" + c.a.ID, token: c.Owner})
	if err != nil || status != http.StatusOK {
		c.t.Errorf("reading port %s: %d %v", c.a.Name, status, err)
		return true
	}
	now, err := decode(body)
	if err != nil {
		c.t.Errorf("reading port %s: %v", c.a.Name, err)
		return true
	}
	write := c.writePairs(c.a, append(now.Port.Pairs, added)...)
	write.header = revision(now.Port.Revision)
	status, body, err = c.roundTrip(write)
	if err != nil || status != http.StatusOK && status != http.StatusPreconditionFailed {
		c.t.Errorf("adding %s to port %s: %d %v %s", added.IP, c.a.Name, status, err, body)
		return true
	}
	return status == http.StatusOK
}
