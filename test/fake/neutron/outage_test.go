package neutron

import (
	"errors"
	"syscall"
	"testing"
)

func TestOutage(t *testing.T) {
	s := start(t, Options{Ports: 1})
	put := putter(t, s)
	back, err := s.Outage()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := put(); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v, want that the connection is refused", err)
		}
	}
	if err := back(); err != nil {
		t.Fatal(err)
	}
	status, _, err := put()
	if err != nil || status != 200 {
		t.Errorf("after the outage: got %d, %v", status, err)
	}
	if port, _ := s.Port(s.Seed().Nodes[0].PortID); len(port.Pairs) != 1 || port.Revision != 2 {
		t.Errorf("the port is %+v", port)
	}
}
