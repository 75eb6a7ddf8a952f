//go:build openstack

package controller_test

import (
	"context"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/neutron"
)

// real is a real Neutron, with a client that is the hand of another.
type real struct {
	*neutron.Neutron
	hand *gophercloud.ServiceClient
	// clouds is its clouds.yaml; nil where that is the user's.
	clouds []byte
}

// startReal starts one with ports for nodes, on the addresses that the fake one has too.
func startReal(t *testing.T, nodes int) *real {
	t.Helper()
	n, err := neutron.Start(t.Context(), neutron.Options{Nodes: nodes, CIDR: netip.MustParsePrefix("10.0.0.0/16"), Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &real{Neutron: n}
	if n.CloudsFile != "" {
		if r.clouds, err = os.ReadFile(n.CloudsFile); err != nil {
			t.Fatal(err)
		}
	}
	if r.hand, err = n.Client(t.Context(), n.Clouds.Owner); err != nil {
		t.Fatal(err)
	}
	return r
}

// newRealSite makes the nodes of a cluster on a real Neutron, whose ports allow nothing at the end.
func (c *shared) newRealSite(t *testing.T, n *real) *site {
	t.Helper()
	var nodes []fakeneutron.SeedNode
	for _, node := range n.Nodes {
		nodes = append(nodes, fakeneutron.SeedNode{Name: node.Name, ServerID: node.Server, PortID: node.Port})
	}
	s := c.newSiteOn(t, namespace, "", c.cluster.Config, nodes)
	s.allowed = func() map[string][]fakeneutron.Pair {
		out := map[string][]fakeneutron.Pair{}
		for _, port := range s.realPorts(n) {
			for _, p := range port.AllowedAddressPairs {
				out[port.ID] = append(out[port.ID], fakeneutron.Pair{IP: p.IPAddress, MAC: p.MACAddress})
			}
		}
		return out
	}
	t.Cleanup(func() {
		for id, pairs := range s.allowed() {
			if len(pairs) > 0 {
				n.change(s, id, true, func([]ports.AddressPair) []ports.AddressPair { return nil })
			}
		}
	})
	return s
}

// realPorts are all ports of the nodes' network, with as many tries as a Neutron that comes and goes takes.
func (s *site) realPorts(n *real) []ports.Port {
	s.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		pages, err := ports.List(n.hand, ports.ListOpts{NetworkID: n.Network}).AllPages(context.Background())
		if err == nil {
			var all []ports.Port
			if all, err = ports.ExtractPorts(pages); err == nil {
				return all
			}
		}
		if time.Now().After(deadline) {
			s.Errorf("listing ports: %v", err)
			return nil
		}
	}
}

// change edits the pairs of a port as another would: guarded by the port's revision, so that whoever was faster is
// noticed, or without regard to others. SQLite refuses some writes for being busy.
func (n *real) change(s *site, id string, guarded bool, edit func([]ports.AddressPair) []ports.AddressPair) {
	s.Helper()
	ctx := context.Background()
	for deadline := time.Now().Add(time.Minute); ; {
		port, err := ports.Get(ctx, n.hand, id).Extract()
		if err == nil {
			list := edit(slices.Clone(port.AllowedAddressPairs))
			if list == nil {
				list = []ports.AddressPair{}
			}
			opts := ports.UpdateOpts{AllowedAddressPairs: &list}
			if guarded {
				opts.RevisionNumber = &port.RevisionNumber
			}
			err = ports.Update(ctx, n.hand, id, opts).Err
		}
		switch {
		case err == nil:
			return
		case gophercloud.ResponseCodeIs(err, http.StatusPreconditionFailed), gophercloud.ResponseCodeIs(err, http.StatusInternalServerError):
			if time.Now().Before(deadline) {
				continue
			}
		}
		s.Errorf("writing port %s: %v", id, err)
		return
	}
}

// runOn starts sync with the credentials of whoever owns the ports of n.
func (s *site) runOn(n *real, change func(*options)) *process {
	s.Helper()
	return s.run(func(o *options) {
		o.neutron.Connect = func(ctx context.Context, log func(string, ...any)) (*openstack.Cloud, error) {
			return openstack.Connect(ctx, openstack.Credentials{Cloud: n.Clouds.Owner, CloudsYAML: n.clouds, Log: log, RequestTimeout: 15 * time.Second})
		}
		if change != nil {
			change(o)
		}
	})
}
