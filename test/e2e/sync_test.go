package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack/neutrontest"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

func TestSync(t *testing.T) {
	fake, err := neutrontest.Start(neutrontest.Options{Ports: len(cloudNodes()), Delay: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	c := cloud{file: filepath.Join(t.TempDir(), "clouds.yaml"), name: "k8s", net: "10.0"}
	if err := os.WriteFile(c.file, fake.CloudsYAML(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, n := range fake.Seed().Nodes {
		c.nodes = append(c.nodes, cloudNode{n.ServerID, n.PortID, n.IP})
	}
	c.playSync(t)
}

// playSync plays the transcripts of sync, which works for a whole cluster and so has one to itself.
func (c cloud) playSync(t *testing.T) {
	o := lab.Options{OpenShift: true, Nodes: cloudNodes(), ProviderIDs: map[string]string{}, Addresses: map[string][]string{}}
	for i, name := range cloudNodes() {
		o.ProviderIDs[name] = "openstack:///" + c.nodes[i].server
		o.Addresses[name] = []string{c.nodes[i].ip}
	}
	network := c.client(t)
	play(t, "sync", o, func(e *testscript.Env) error {
		e.Setenv("OS_CLIENT_CONFIG_FILE", c.file)
		e.Setenv("OS_CLOUD", c.name)
		e.Setenv("NET", c.net)
		return nil
	}, map[string]func(*testscript.TestScript, bool, []string){
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
