//go:build openstack

package controller_test

import (
	"context"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// TestAttacksOnNeutron has a tenant try the five worst on a real Neutron.
func TestAttacksOnNeutron(t *testing.T) {
	c := start(t, kube.Options{OpenShift: true, Keep: true})
	c.prepare(t, namespace)
	n := startReal(t, 4)
	s := c.newRealSite(t, n)
	m := s.newTenant(c, "tenant")
	others := s.occupyReal(n)
	s.standalone(0)
	s.standalone(2)
	s.put(0, s.names[0])
	s.put(2, s.names[2])
	s.runOn(n, nil)
	honest := func() map[string][]string {
		return joinPairs(others, map[string][]string{s.at[name(0)]: {address(0) + " " + mac(0)}, s.at[name(2)]: {address(2) + " " + mac(2)}})
	}
	s.await(honest())
	s.awaitRecordOf(0)
	const own, random = "10.0.210.10", "02:00:00:00:66:01"
	macOf := func(node int) string {
		port, err := ports.Get(t.Context(), n.hand, s.ports[s.names[node]]).Extract()
		if err != nil {
			t.Fatal(err)
		}
		return port.MACAddress
	}
	for _, a := range []attack{
		{name: "the API's VIP", do: func(m *tenant) { m.forge("evil", vip, s.names[0], "02:e6:0a:00:00:05") }, said: "namespace tenant is granted no address"},
		{name: "the API's VIP, granted by mistake", grant: granted, do: func(m *tenant) {
			m.nad(vip, "")
			m.forge("evil", vip, s.names[0], random)
		}, said: "EGR307: " + vip},
		{name: "another's reserved address", grant: own, do: func(m *tenant) {
			m.nad(address(2), "")
			m.forge("evil", address(2), s.names[0], mac(2))
		}, said: "namespace tenant is not granted " + address(2)},
		{name: "the own MAC of another node", grant: own, do: func(m *tenant) {
			m.nad(own, macOf(1))
			m.forge("evil", own, s.names[0], macOf(1))
		}, said: "Neutron gives fa:16:3e:... to ports"},
		{name: "a record of another's pair", do: func(m *tenant) {
			m.router("evil", unheld+"/16", map[string]string{"kubectl-egress.io/openstack": m.recordOf(s.names[2], address(2), mac(2))})
		}, said: "namespace tenant is granted no address"},
	} {
		t.Run(a.name, func(t *testing.T) {
			s.T = t
			m.grants(a)
			a.do(m)
			m.awaitSaid(a.said)
			for _, node := range []string{s.names[1], s.names[0]} {
				s.put(0, node)
				s.await(honest())
				s.awaitRecordOf(0)
				m.leave()
			}
		})
	}
	s.T = t
}

// occupyReal has the API's VIP held as installers do: by a port without an owner, and by pairs with the nodes' own MACs.
func (s *site) occupyReal(n *real) map[string][]string {
	s.Helper()
	port, err := ports.Create(s.Context(), n.hand, ports.CreateOpts{NetworkID: n.Network, Name: "api-vip", FixedIPs: []ports.IP{{IPAddress: vip}}}).Extract()
	if err != nil {
		s.Fatal(err)
	}
	test := s.T
	s.Cleanup(func() {
		if err := ports.Delete(context.Background(), n.hand, port.ID).ExtractErr(); err != nil {
			test.Errorf("deleting the port of the VIP: %v", err)
		}
	})
	for _, id := range s.ports {
		n.change(s, id, true, func(list []ports.AddressPair) []ports.AddressPair {
			return append(list, ports.AddressPair{IPAddress: vip})
		})
	}
	return s.pairs()
}
