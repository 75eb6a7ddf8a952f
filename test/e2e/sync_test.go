package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/rogpeppe/go-internal/testscript"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

func TestSync(t *testing.T) {
	fakeCloud(t, fakeneutron.Options{Delay: 50 * time.Millisecond}).playSync(t, "sync")
}

// TestGrants plays what needs a cluster with grants, by which those of others would change.
func TestGrants(t *testing.T) { fakeCloud(t, fakeneutron.Options{}).playSync(t, "grants") }

// playSync plays the transcripts in a folder with sync, which works for a whole cluster and so has one to itself.
func (c cloud) playSync(t *testing.T, folder string) {
	network := c.client(t)
	c.play(t, folder, map[string]func(*testscript.TestScript, bool, []string){
		"holders": func(ts *testscript.TestScript, _ bool, args []string) { c.holders(ts, network, args) },
	})
}

// holders IP [NODE]: waits until that IP is allowed on the port of that node, and on no other; without a node, on none.
func (c cloud) holders(ts *testscript.TestScript, network *gophercloud.ServiceClient, args []string) {
	if len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: holders IP [NODE]")
	}
	begun := time.Now()
	var found []string
	for time.Since(begun) < 30*time.Second {
		if found = c.allowing(ts, network, args[0]); slices.Equal(found, args[1:]) {
			ts.Logf("%s is allowed on %v after %s", args[0], found, time.Since(begun).Round(time.Millisecond))
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s is allowed on %v, want %v", args[0], found, args[1:])
}

// allowing are the nodes whose ports allow ip.
func (c cloud) allowing(ts *testscript.TestScript, network *gophercloud.ServiceClient, ip string) []string {
	found := []string{}
	for i, name := range cloudNodes() {
		port, err := ports.Get(context.Background(), network, c.nodes[i].port).Extract()
		ts.Check(err)
		if slices.ContainsFunc(port.AllowedAddressPairs, func(p ports.AddressPair) bool { return p.IPAddress == ip }) {
			found = append(found, name)
		}
	}
	return found
}
