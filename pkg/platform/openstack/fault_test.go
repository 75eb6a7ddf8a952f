package openstack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// impatient is how long a request may take where one is held back on purpose.
const impatient = 500 * time.Millisecond

// faulty is a run that sends a request of every kind: it adds a pair, moves one, and reserves an address.
type faulty struct {
	*lab
	need    []platform.Attachment
	records map[string][]Pair
}

func newFaulty(t *testing.T) *faulty {
	t.Helper()
	server, err := fakeneutron.Start(fakeneutron.Options{Ports: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	f := &faulty{lab: &lab{Server: server, seed: server.Seed()}}
	old, reserved := f.at(0, 0), moved(f.at(1, 2), "10.0.90.7/16")
	f.allow(f.seed.Nodes[0].PortID, fakeneutron.Pair{IP: "10.0.150.1", MAC: "fa:16:3e:00:00:05"}, pairOf(old))
	f.records = recordOn(f.lab, old, 0)
	f.need = []platform.Attachment{f.at(0, 1), reserved}
	return f
}

// run is the whole of what a command does. It gives what would be recorded.
func (f *faulty) run(ctx context.Context) (records map[string][]Pair, err error) {
	cloud, err := Connect(ctx, Credentials{Cloud: "k8s", CloudsYAML: f.CloudsYAML(), RequestTimeout: impatient})
	if err != nil {
		return f.records, err
	}
	cloud.wire.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	a, err := New(cloud, Options{Prune: true, Reserve: true, Recorded: f.records, Nodes: f.allNodes()})
	if err != nil {
		return f.records, err
	}
	plan, err := a.Plan(ctx, f.need)
	if err != nil {
		return f.records, err
	}
	if records, err = a.recordsAhead(plan); err != nil {
		return records, err
	}
	if err = a.Apply(ctx, plan, nil); err != nil && ctx.Err() != nil {
		return records, err
	}
	return a.recorded(), err
}

// right is the state that every run works for.
func (f *faulty) right() error {
	want := map[string][]fakeneutron.Pair{
		f.seed.Nodes[0].PortID: {{IP: "10.0.150.1", MAC: "fa:16:3e:00:00:05"}},
		f.seed.Nodes[1].PortID: {pairOf(f.need[0])},
		f.seed.Nodes[2].PortID: {pairOf(f.need[1])},
	}
	for id, pairs := range want {
		if p, _ := f.Port(id); !samePairs(p.Pairs, pairs) {
			return fmt.Errorf("port %s has %v, want %v", id, p.Pairs, pairs)
		}
	}
	reservations := 0
	for _, p := range f.Ports() {
		if p.DeviceOwner == reservationOwner {
			reservations++
		}
	}
	if reservations != 1 {
		return fmt.Errorf("%d reservations, want 1", reservations)
	}
	return nil
}

// unrecorded are the pairs of ours on the ports that records do not know.
func (f *faulty) unrecorded(records map[string][]Pair) []string {
	known := map[Pair]bool{}
	for _, pairs := range records {
		for _, p := range pairs {
			known[p] = true
		}
	}
	var out []string
	for _, n := range f.seed.Nodes {
		p, _ := f.Port(n.PortID)
		for _, pair := range p.Pairs {
			if strings.HasPrefix(pair.MAC, "0a:e6:") && !known[Pair{n.PortID, pair.IP, pair.MAC}] {
				out = append(out, n.Name+" "+pair.IP)
			}
		}
	}
	return out
}

func TestFaultsAtEveryRequest(t *testing.T) {
	clean := newFaulty(t)
	if _, err := clean.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := clean.right(); err != nil {
		t.Fatal(err)
	}
	count := len(clean.Requests())
	if count < 12 {
		t.Fatalf("only %d requests: the run does not show much", count)
	}
	faults := map[string]fakeneutron.Fault{
		"500":          {Status: 500},
		"503":          {Status: 503, RetryAfter: "1"},
		"429":          {Status: 429, RetryAfter: "1"},
		"reset before": {Cut: fakeneutron.CutBefore},
		"reset after":  {Cut: fakeneutron.CutAfter},
		"time-out":     {Delay: 20 * impatient},
		"401":          {Status: 401},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recovered := 0
			for i := range count {
				f := newFaulty(t)
				fault.Skip, fault.Times = i, 1
				f.Inject(fault)
				records, err := f.run(t.Context())
				if stands := f.right(); err == nil && stands != nil {
					t.Errorf("request %d: the run says that all is done: %v", i, stands)
				}
				if lost := f.unrecorded(records); len(lost) > 0 {
					t.Errorf("request %d: nobody knows of %v (%v)", i, lost, err)
				}
				if err == nil {
					recovered++
				}
				f.records = records
				again, err := f.run(t.Context())
				if err == nil {
					err = f.right()
				}
				if err != nil {
					t.Errorf("request %d: the next run does not complete it: %v", i, err)
				}
				want := map[string][]Pair{"egress/r0": {{f.seed.Nodes[1].PortID, "10.0.200.1", f.need[0].MAC}}, "egress/r1": {{f.seed.Nodes[2].PortID, "10.0.90.7", f.need[1].MAC}}}
				if !reflect.DeepEqual(again, want) {
					t.Errorf("request %d: records %v, want %v", i, again, want)
				}
				f.Close()
			}
			// A refusal of Keystone's is final, and a cloud that has not answered yet is not waited for.
			want := count
			if fault.Status == 0 || fault.Status == http.StatusUnauthorized {
				want--
			}
			if recovered != want {
				t.Errorf("recovered from %d of %d faults, want %d", recovered, count, want)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	f := newFaulty(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.Inject(fakeneutron.Fault{Match: func(r fakeneutron.Request) bool { return r.Method == http.MethodPut }, Times: 1, Cut: fakeneutron.CutAfter, Then: cancel})
	records, err := f.run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if lost := f.unrecorded(records); len(lost) > 0 {
		t.Errorf("nobody knows of %v", lost)
	}
	f.records = records
	if _, err := f.run(t.Context()); err != nil {
		t.Error(err)
	}
	if err := f.right(); err != nil {
		t.Error(err)
	}
}
