package controller_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// testHeir: a router that is recreated, on another node, under the other provisioner, or with another MAC, takes over
// what was written for the one before.
func (c *shared) testHeir(t *testing.T) {
	s := c.newSite(t, fakeneutron.Options{Ports: 3})
	d := s.standalone(0)
	s.put(0, "worker-1")
	p := s.run(nil)
	s.await(s.want(1))
	s.awaitRecord("worker-1")
	s.neutron.ResetRequests()

	// The address stays while it is not known where the new one will be.
	s.delete(d)
	s.end(0)
	d = s.standalone(0)
	s.put(0, "worker-2")
	s.await(s.want(1))
	s.awaitRecord("worker-2")
	if got, want := fmt.Sprint(s.puts()), "map[worker-1:1 worker-2:1]"; got != want {
		t.Errorf("ports were written %s, want %s", got, want)
	}

	s.delete(d)
	s.end(0)
	s.operated(0)
	s.putAs(0, "worker-3", "02:00:00:00:00:77", map[string]string{"app": egress.OperatorApp})
	s.await(map[string][]string{"worker-3": {address(0) + " 02:00:00:00:00:77"}})
	p.awaitMetric("kubectl_egress_sync_pairs 1")

	router := newRouter(0)
	s.delete(router)
	s.end(0)
	s.await(map[string][]string{})
}

// testCrash: a record that names what a killed process had planned, or removed, is put right, and what it left behind
// too.
func (c *shared) testCrash(t *testing.T) {
	s := c.newSite(t, fakeneutron.Options{Ports: 3})
	s.standalone(0)
	s.put(0, "worker-3")
	pair := func(node string) openstack.Pair {
		return openstack.Pair{Port: s.port(node), IP: address(0), MAC: mac(0)}
	}
	text, err := json.Marshal([]openstack.Pair{pair("worker-1"), pair("worker-2"), pair("worker-3")})
	if err != nil {
		t.Fatal(err)
	}
	s.setRecord(0, string(text))
	// Of the three, one was added and not taken away yet; one was taken away; one was still to be added.
	s.neutron.SetPairs(s.port("worker-1"), []fakeneutron.Pair{{IP: address(0), MAC: mac(0)}})
	s.run(nil)
	s.await(s.want(1))
	s.awaitRecord("worker-3")
}
