package openstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// shelf is a Store for some routers, which notes how often Neutron was written before each record.
type shelf struct {
	lab     *lab
	mu      sync.Mutex
	records map[string]string
	broken  map[string]bool
	log     []string
}

func (s *shelf) Load(router string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	record, known := s.records[router]
	return record, known
}

func (s *shelf) Save(_ context.Context, records map[string]string) map[string]error {
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := map[string]error{}
	for _, router := range slices.Sorted(maps.Keys(records)) {
		if s.broken[router] {
			failed[router] = errors.New("the shelf is full")
			continue
		}
		s.records[router] = records[router]
		s.log = append(s.log, fmt.Sprintf("%s %d pairs after %d writes", router, strings.Count(records[router], "port"), len(s.lab.writes())))
	}
	return failed
}

// keeper keeps the records of two routers.
func (l *lab) keeper(t *testing.T, o Options) (*Keeper, *shelf) {
	t.Helper()
	s := &shelf{lab: l, records: map[string]string{"egress/r0": "", "egress/r1": ""}, broken: map[string]bool{}}
	o.Nodes = l.allNodes()
	k, err := NewKeeper(l.cloud, o, s)
	if err != nil {
		t.Fatal(err)
	}
	return k, s
}

func (k *Keeper) mustPlan(t *testing.T, need ...platform.Attachment) *platform.Plan {
	t.Helper()
	plan, err := k.Plan(t.Context(), need)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestKeeperRecordsAhead: the record comes before the write, and is not written again where it stands.
func TestKeeperRecordsAhead(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	k, s := l.keeper(t, Options{})
	plan := k.mustPlan(t, l.at(0, 0), l.at(9, 1)) // nothing can be recorded for the other one
	if !k.Writes(plan) {
		t.Error("the plan is thought to write nothing")
	}
	if err := k.Apply(t.Context(), plan, nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"egress/r0 1 pairs after 0 writes"}; !reflect.DeepEqual(s.log, want) || len(l.writes()) != 2 {
		t.Errorf("recorded %q, want %q; %d writes", s.log, want, len(l.writes()))
	}
	if again := k.mustPlan(t, l.at(0, 0), l.at(9, 1)); k.Writes(again) {
		t.Error("a second plan is thought to write")
	}
}

// TestKeeperWithoutRecordWritesNothing: where one record cannot be written, Apply writes to no port, and CarryOut to those
// of the others.
func TestKeeperWithoutRecordWritesNothing(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 2})
	k, s := l.keeper(t, Options{})
	s.broken["egress/r0"] = true
	plan := k.mustPlan(t, l.at(0, 0), l.at(1, 1))
	err := k.Apply(t.Context(), plan, nil)
	if want := "recording what is written to Neutron for egress router egress/r0: the shelf is full"; err == nil || err.Error() != want || len(l.writes()) > 0 {
		t.Errorf("got %v, want %s; %d writes", err, want, len(l.writes()))
	}
	r, err := k.CarryOut(t.Context(), plan, func(platform.Change, error) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Unrecorded) != 1 || r.Unrecorded["egress/r0"] == nil || len(r.Failed) > 0 || !reflect.DeepEqual(r.Changed, map[string]bool{"egress/r1": true}) {
		t.Errorf("got %+v", r)
	}
	if len(l.pairs(t, l.seed.Nodes[0].PortID)) != 0 || len(l.pairs(t, l.seed.Nodes[1].PortID)) != 1 {
		t.Errorf("writes %v", l.writes())
	}
}

// TestKeeperSeparates: of two routers that a port refuses together, the one at fault is left out, and its record with it.
func TestKeeperSeparates(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1, MaxPairs: 1})
	k, s := l.keeper(t, Options{MaxPairs: 5})
	r, err := k.CarryOut(t.Context(), k.mustPlan(t, l.at(0, 0), l.at(1, 0)), func(platform.Change, error) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Failed) != 1 || !isRefused(r.Failed["egress/r1"]) || !reflect.DeepEqual(r.Changed, map[string]bool{"egress/r0": true}) {
		t.Errorf("got %+v", r)
	}
	if len(l.pairs(t, l.seed.Nodes[0].PortID)) != 1 || s.records["egress/r0"] == "" || s.records["egress/r1"] != "" {
		t.Errorf("the port has %v, the records are %v", l.pairs(t, l.seed.Nodes[0].PortID), s.records)
	}
	if target := r.Target(r.Recorded["egress/r0"][0]); !strings.HasSuffix(target, "(worker-1)") {
		t.Errorf("the port is called %s", target)
	}
}

// TestKeeperTrims: a record that names what a killed process had planned, or removed, is put right.
func TestKeeperTrims(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 3})
	at := l.at(0, 2)
	pair := func(node int) Pair { return Pair{l.seed.Nodes[node].PortID, at.IP.Addr().String(), at.MAC} }
	recorded := map[string][]Pair{at.Router: {pair(0), pair(1), pair(2)}}
	k, s := l.keeper(t, Options{Prune: true, Recorded: recorded})
	l.SetPairs(pair(0).Port, []fakeneutron.Pair{pairOf(at)})
	if _, err := k.CarryOut(t.Context(), k.mustPlan(t, at), func(platform.Change, error) {}); err != nil {
		t.Fatal(err)
	}
	want, err := encodePairs([]Pair{pair(2)})
	if err != nil || s.records[at.Router] != want {
		t.Errorf("the record is %s, want %s", s.records[at.Router], want)
	}
	// What a router that is gone has left is taken back without a record.
	if err := k.TakeBack(t.Context(), map[string][]Pair{"egress/gone": {pair(2)}}, nil); err != nil {
		t.Fatal(err)
	}
	if left := l.pairs(t, pair(2).Port); len(left) != 0 || len(s.records) != 2 {
		t.Errorf("left are %v, the records are %v", left, s.records)
	}
}

// TestIsRefused: only what the port refuses for its content is tried one router at a time.
func TestIsRefused(t *testing.T) {
	for status, want := range map[int]bool{http.StatusBadRequest: true, http.StatusConflict: true, http.StatusForbidden: false} {
		l := newLab(t, fakeneutron.Options{Ports: 1})
		l.Inject(fakeneutron.Fault{Match: func(r fakeneutron.Request) bool { return r.Method == http.MethodPut }, Status: status})
		a := l.adapter(t, Options{})
		e := &ends{}
		if err := a.Apply(t.Context(), mustPlan(t, a, l.at(0, 0)), e.done); err == nil || isRefused(e.errs[0]) != want {
			t.Errorf("%d: %v, %v", status, err, e.errs)
		}
	}
}
