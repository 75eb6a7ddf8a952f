//go:build openstack

package e2e

import (
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/test/neutron"
)

// TestRealNeutron plays the transcripts of the fake Neutron on a real one.
func TestRealNeutron(t *testing.T) { realCloud(t).run(t) }

// TestSyncRealNeutron plays the transcripts of sync on a real Neutron.
func TestSyncRealNeutron(t *testing.T) { realCloud(t).playSync(t, "sync") }

// TestGrantsRealNeutron plays those with grants on a real Neutron.
func TestGrantsRealNeutron(t *testing.T) { realCloud(t).playSync(t, "grants") }

// realCloud is a real Neutron, with a port for each node.
func realCloud(t *testing.T) cloud {
	t.Helper()
	real, err := neutron.Start(t.Context(), neutron.Options{Nodes: len(cloudNodes()), Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := real.Close(); err != nil {
			t.Error(err)
		}
	})
	numbers := strings.SplitN(real.CIDR.Addr().String(), ".", 3)
	c := cloud{file: real.CloudsFile, name: real.Clouds.Owner, net: numbers[0] + "." + numbers[1]}
	for _, n := range real.Nodes {
		c.nodes = append(c.nodes, cloudNode{n.Server, n.Port, n.IP.String()})
	}
	return c
}
