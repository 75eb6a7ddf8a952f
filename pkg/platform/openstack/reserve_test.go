package openstack

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// posted tells the request that makes a port.
func posted(r fakeneutron.Request) bool {
	return r.Method == http.MethodPost && r.Path == "/v2.0/ports"
}

// TestReservationThatAnotherTook has the address go to another port between our look and our write.
func TestReservationThatAnotherTook(t *testing.T) {
	tests := []struct {
		name string
		port fakeneutron.Port
		want string // of the error; empty: none
	}{
		{"a server", fakeneutron.Port{DeviceID: "somebody", Name: "db"}, "reserving 10.0.90.7: port db ("},
		{"OpenShift", fakeneutron.Port{DeviceID: "x", DeviceOwner: "OpenShiftEgressIP", Name: "vip"}, `(device owner "OpenShiftEgressIP", device "x"): give the router another address`},
		{"ourselves", fakeneutron.Port{DeviceID: "egress/r0", DeviceOwner: "kubectl-egress"}, ""},
		{"nobody", fakeneutron.Port{Name: "kept"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t, fakeneutron.Options{Ports: 1})
			test.port.FixedIPs = []fakeneutron.FixedIP{{IP: "10.0.90.7"}}
			l.Inject(fakeneutron.Fault{Times: 1, Match: posted, Then: func() { l.AddPort(test.port) }})
			a := l.adapter(t, Options{Reserve: true})
			e := &ends{}
			err := a.Apply(t.Context(), mustPlan(t, a, moved(l.at(0, 0), "10.0.90.7/16")), e.done)
			if (err == nil) != (test.want == "") || len(e.errs) != 2 || e.errs[0] != nil {
				t.Fatalf("%v, told %v", err, e.errs)
			}
			if err != nil && !strings.Contains(e.errs[1].Error(), test.want) {
				t.Errorf("told %v, want %q", e.errs[1], test.want)
			}
			if err == nil && string(e.changes[1].Before) != string(e.changes[1].After) {
				t.Errorf("told of a port that is not ours as if we had made it: %+v", e.changes[1])
			}
		})
	}
}

func TestNoReservationWithoutThePair(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	l.Inject(fakeneutron.Fault{Status: 403, Match: func(r fakeneutron.Request) bool { return r.Method == http.MethodPut }})
	a := l.adapter(t, Options{Reserve: true})
	e := &ends{}
	err := a.Apply(t.Context(), mustPlan(t, a, moved(l.at(0, 0), "10.0.90.7/16")), e.done)
	if err == nil || len(e.errs) != 2 || !strings.Contains(e.errs[1].Error(), "a reservation without a pair takes its frames") {
		t.Errorf("%v, told %v", err, e.errs)
	}
	for _, r := range l.Requests() {
		if posted(r) {
			t.Error("a port was made")
		}
	}
}

func TestPairStaysWhereTheReservationDoes(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	a := l.adapter(t, Options{Reserve: true})
	fixed(t, a, moved(l.at(0, 0), "10.0.90.7/16"))
	plan, err := a.PlanRevoke(t.Context(), a.recorded())
	if err != nil {
		t.Fatal(err)
	}
	l.Inject(fakeneutron.Fault{Status: 403, Match: func(r fakeneutron.Request) bool { return r.Method == http.MethodDelete }})
	e := &ends{}
	err = a.Apply(t.Context(), plan, e.done)
	if err == nil || len(e.errs) != 2 || !strings.Contains(e.errs[1].Error(), "it is removed with the pair") {
		t.Errorf("%v, told %v", err, e.errs)
	}
	if got := l.pairs(t, l.seed.Nodes[0].PortID); len(got) != 1 {
		t.Errorf("the port has %v", got)
	}
	if got := a.recorded()["egress/r0"]; len(got) != 1 {
		t.Errorf("records %v", got)
	}
}

// TestReservationGoesToAnother has the reservation turned into something else before it is taken back.
func TestReservationGoesToAnother(t *testing.T) {
	l := newLab(t, fakeneutron.Options{Ports: 1})
	a := l.adapter(t, Options{Reserve: true})
	fixed(t, a, moved(l.at(0, 0), "10.0.90.7/16"))
	plan, err := a.PlanRevoke(t.Context(), a.recorded())
	if err != nil {
		t.Fatal(err)
	}
	l.ChangePort(plan.Changes[0].ID, func(p *fakeneutron.Port) { p.DeviceOwner, p.DeviceID = "compute:nova", "somebody" })
	e := &ends{}
	if err := a.Apply(t.Context(), plan, e.done); err == nil || !strings.Contains(e.errs[0].Error(), platform.ErrMoved.Error()) {
		t.Errorf("%v, told %v", err, e.errs)
	}
	if _, there := l.Port(plan.Changes[0].ID); !there {
		t.Error("another's port was deleted")
	}
}

// TestRefusalsThatTheFakeDoesNotGive are answered by hand.
func TestRefusalsThatTheFakeDoesNotGive(t *testing.T) {
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{409, `{"NeutronError":{"type":"OverQuota","message":"Quota exceeded for resources: ['port'].","detail":""}}`, "the quota of project k8s"},
		{409, `{"NeutronError":{"type":"IpAddressAlreadyAllocated","message":"IP address 10.0.90.7 already allocated","detail":""}}`, "another port holds the address"},
		{414, "", "the request is too long for the cloud's web server"},
		{418, "<html>teapot</html>", "unexpected answer 418: <html>teapot</html>"},
	} {
		l := newLab(t, fakeneutron.Options{Ports: 1})
		a := l.adapter(t, Options{Reserve: true})
		plan := mustPlan(t, a, moved(l.at(0, 0), "10.0.90.7/16"))
		l.cloud.wire.next = &echo{l.cloud.wire.next, test.status, test.body, http.MethodPost}
		e := &ends{}
		if err := a.Apply(t.Context(), plan, e.done); err == nil || len(e.errs) != 2 || !strings.Contains(e.errs[1].Error(), test.want) {
			t.Errorf("%d: %v, told %v", test.status, err, e.errs)
		}
	}
}
