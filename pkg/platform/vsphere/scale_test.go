package vsphere

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
)

// counted are the calls by method.
func (w *world) counted() map[string]int {
	out := map[string]int{}
	for _, c := range w.Calls() {
		out[c.Method]++
	}
	return out
}

// session are the calls of one run that reads, with an adapter of its own.
func (w *world) session(nodes []platform.Node) map[string]int {
	w.t.Helper()
	w.ResetCalls()
	a := newAdapter(w.t, w.adapter.options, credentialsOf(w.Server))
	_, err := a.Plan(context.Background(), need(nodes...))
	must(w.t, err)
	must(w.t, a.Close(context.Background()))
	return w.counted()
}

// Reading takes the same calls for 10 hosts as for 100 with 1,000 machines and 200 nodes: five, and one more
// where there is something to change, to ask for privileges. A change is one read and one write, and all of
// them are read back at once.
func TestCallsDoNotGrow(t *testing.T) {
	for _, size := range []struct{ hosts, vms, nodes int }{{10, 2, 20}, {100, 10, 200}} {
		t.Run(fmt.Sprint(size.hosts), func(t *testing.T) {
			w := start(t, fakevcenter.Options{Hosts: size.hosts, VMs: size.vms}, Options{})
			nodes := w.Nodes(size.nodes)
			want := map[string]int{
				"RetrieveServiceContent": 1, "Login": 1, "CreateContainerView": 1, "RetrievePropertiesEx": 1, "HasUserPrivilegeOnEntities": 1, "Logout": 1,
			}
			if got := w.session(nodes); !reflect.DeepEqual(got, want) {
				t.Errorf("reading took %v, want %v", got, want)
			}
			p := w.plan(nodes...)
			if len(p.Changes) != size.hosts || len(p.Permissions) != size.nodes {
				t.Fatalf("%d changes, %d permissions", len(p.Changes), len(p.Permissions))
			}
			w.Deny("Host.Config.Network", esx(7))
			w.ResetCalls()
			outcomes, err := w.apply(p)
			if err == nil || err.Error() != fmt.Sprintf("1 of %d changes failed: what was done stands, and running it again does the rest", size.hosts) || len(outcomes) != size.hosts {
				t.Errorf("got %v, %d outcomes", err, len(outcomes))
			}
			if got, want := w.counted(), map[string]int{"RetrievePropertiesEx": size.hosts + 1, "UpdatePortGroup": size.hosts}; !reflect.DeepEqual(got, want) {
				t.Errorf("changing took %v, want %v", got, want)
			}
			w.Restore()
			w.applied(w.plan(nodes...))
			delete(want, "HasUserPrivilegeOnEntities")
			if got := w.session(nodes); !reflect.DeepEqual(got, want) {
				t.Errorf("reading what needs no change took %v, want %v", got, want)
			}
		})
	}
}

// Where vCenter answers in pages, nothing of the later ones is missed.
func TestPages(t *testing.T) {
	w := start(t, fakevcenter.Options{Hosts: 12, VMs: 10, PageSize: 50}, Options{})
	p := w.plan(w.Nodes(120)...)
	if len(p.Changes) != 12 || w.counted()["ContinueRetrievePropertiesEx"] != 2 {
		t.Errorf("%d changes, %v", len(p.Changes), w.counted())
	}
	for _, l := range p.Permissions {
		if l.Allowed != platform.No {
			t.Errorf("%+v", l)
		}
	}
}

// No more hosts are changed at a time than was asked for.
func TestConcurrencyIsBounded(t *testing.T) {
	w := start(t, fakevcenter.Options{Hosts: 12, VMs: 1, Delay: time.Millisecond}, Options{Concurrency: 3})
	p := w.plan(w.Nodes(1)...)
	var mu sync.Mutex
	now, most := 0, 0
	w.Inject(fakevcenter.Fault{Method: "UpdatePortGroup", Do: func() {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
	}})
	if n := len(w.applied(p)); n != 12 || most > 3 {
		t.Errorf("%d changes, %d at a time", n, most)
	}
}
