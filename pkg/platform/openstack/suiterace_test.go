package openstack

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// testEightWriters has eight clients put a router each on one port at the same time.
func testEightWriters(t *testing.T, u underTest, rounds int) {
	for range rounds {
		clearPairs(t, u)
		node := u.nodes()[0]
		var want []fakeneutron.Pair
		var group sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			at := attachment(i, u.address(i), node)
			want = append(want, pairOf(at))
			a, _ := client(t, u, Options{})
			plan := mustPlan(t, a, at)
			group.Go(func() { errs[i] = a.Apply(t.Context(), plan, nil) })
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		if got := u.pairs(t, node.PortID); !samePairs(got, want) {
			t.Errorf("of 8 pairs %d are there: %v", len(got), got)
		}
	}
}

// testGuardedRival has another client, which checks revisions too, write the same ports all the time.
func testGuardedRival(t *testing.T, u underTest) {
	clearPairs(t, u)
	a, _ := client(t, u, Options{})
	other, _ := client(t, u, Options{})
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; i < 4 && ctx.Err() == nil; i++ {
			var theirs []platform.Attachment
			for j, n := range u.nodes()[:4] {
				theirs = append(theirs, attachment(50+10*i+j, u.address(50+10*i+j), n))
			}
			plan, err := other.Plan(ctx, theirs)
			if err == nil {
				err = other.Apply(ctx, plan, nil)
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 2 {
		var ours []platform.Attachment
		for j, n := range u.nodes()[:4] {
			ours = append(ours, attachment(10*i+j, u.address(10*i+j), n))
		}
		fixed(t, a, ours...)
	}
	group.Wait()
	stop()
	for j, n := range u.nodes()[:4] {
		var want []fakeneutron.Pair
		for _, i := range []int{0, 10, 50, 60, 70, 80} {
			want = append(want, pairOf(attachment(i+j, u.address(i+j), n)))
		}
		if got := u.pairs(t, n.PortID); !samePairs(got, want) {
			t.Errorf("port %s has %v, want %v", n.PortID, got, want)
		}
	}
}

// testUnguardedRival has another undo a write as soon as it is done: the read-back must say so.
func testUnguardedRival(t *testing.T, u underTest) {
	clearPairs(t, u)
	a, _ := client(t, u, Options{})
	hurt, fine := attachment(0, u.address(0), u.nodes()[0]), attachment(1, u.address(1), u.nodes()[1])
	theirs := fakeneutron.Pair{IP: u.address(77).String(), MAC: "fa:16:3e:00:00:77"}
	told := map[string][]error{}
	err := a.Apply(t.Context(), mustPlan(t, a, hurt, fine), func(c platform.Change, err error) {
		told[c.ID] = append(told[c.ID], err)
		if c.ID == u.nodes()[0].PortID && err == nil {
			u.setPairs(t, c.ID, []fakeneutron.Pair{theirs})
		}
	})
	if !errors.Is(err, errUndone) {
		t.Errorf("the destroyed pair is not reported: %v", err)
	}
	first, second := told[u.nodes()[0].PortID], told[u.nodes()[1].PortID]
	if len(first) != 2 || first[0] != nil || !errors.Is(first[1], errUndone) || !strings.Contains(first[1].Error(), hurt.IP.Addr().String()) {
		t.Errorf("told of the port that was undone: %v", first)
	}
	if len(second) != 1 || second[0] != nil {
		t.Errorf("told of the other port: %v", second)
	}
	want := map[string][]Pair{fine.Router: {{u.nodes()[1].PortID, fine.IP.Addr().String(), fine.MAC}}, hurt.Router: nil}
	if got := a.recorded(); !reflect.DeepEqual(got, want) {
		t.Errorf("records %v, want %v", got, want)
	}
	fixed(t, a, hurt, fine)
	if got, want := u.pairs(t, u.nodes()[0].PortID), []fakeneutron.Pair{theirs, pairOf(hurt)}; !samePairs(got, want) {
		t.Errorf("run again, the port has %v, want %v", got, want)
	}
}
