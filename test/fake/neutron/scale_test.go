package neutron

import (
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// TestTwoThousand lists 2,000 ports and writes each of them, eight in flight.
func TestTwoThousand(t *testing.T) {
	s := start(t, Options{Ports: 2000})
	client := connect(t, s, "k8s")
	s.ResetRequests()
	pages, err := ports.List(client, ports.ListOpts{NetworkID: s.Seed().NetworkID}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := ports.ExtractPorts(pages)
	if err != nil || len(all) != 2000 {
		t.Fatalf("%d ports, %v", len(all), err)
	}
	work := make(chan ports.Port)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for port := range work {
				pairs := []ports.AddressPair{{IPAddress: "10.0.200.1"}}
				_, err := ports.Update(t.Context(), client, port.ID, ports.UpdateOpts{AllowedAddressPairs: &pairs, RevisionNumber: &port.RevisionNumber}).Extract()
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, port := range all {
		work <- port
	}
	close(work)
	writers.Wait()
	if want, got := map[string]int{"GET /v2.0/ports": 1, "PUT /v2.0/ports/{id}": 2000}, s.Counts(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, node := range s.Seed().Nodes {
		if port, _ := s.Port(node.PortID); !reflect.DeepEqual(port.Pairs, []Pair{{"10.0.200.1", node.MAC}}) || port.Revision != 2 {
			t.Fatalf("%s stands as %+v", node.Name, port)
		}
	}
}

// TestAtOnce has every method of the server called at once, for the race detector; each client has a port of its own.
func TestAtOnce(t *testing.T) {
	s := start(t, Options{Ports: 9})
	added := s.Rival(t.Context(), []string{s.Seed().Nodes[8].PortID}, true, 0)
	var all sync.WaitGroup
	for i := range 8 {
		client, id := connect(t, s, "k8s"), s.Seed().Nodes[i].PortID
		all.Go(func() {
			for n := range 9 {
				if err := addPair(t.Context(), client, id, fmt.Sprintf("10.0.200.%d", n)); err != nil {
					t.Error(err)
				}
				s.Inject(Fault{Times: 1, Match: func(r Request) bool { return r.Method == http.MethodPost }})()
				s.SetRules(s.Seed().SecurityGroupID, []Rule{{Direction: "ingress"}})
				s.DeletePort(s.AddPort(Port{Tags: []string{"x"}}).ID)
				s.SetPairs(s.Seed().SharedPortID, added())
				_, _ = s.Requests(), s.Secrets()
			}
		})
	}
	all.Wait()
	for _, node := range s.Seed().Nodes[:8] {
		if port, _ := s.Port(node.PortID); len(port.Pairs) != 9 || port.Revision != 10 {
			t.Errorf("%s stands as %+v", node.Name, port)
		}
	}
	if len(s.Ports()) != 10 {
		t.Errorf("%d ports stand, want 10", len(s.Ports()))
	}
}
