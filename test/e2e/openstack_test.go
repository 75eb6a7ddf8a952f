package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/config"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/rogpeppe/go-internal/testscript"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// cloud is a Neutron under the nodes of a cluster: the fake or a real one, on which the same transcripts run.
type cloud struct {
	// file is the path of its clouds.yaml, and name the entry of whoever owns the nodes.
	file, name string
	// net begins the addresses of the nodes' network: its /16 without the last two numbers. Nothing hands out
	// addresses from net.200.1 on.
	net   string
	nodes []cloudNode
}

// cloudNode is a machine, as Neutron knows it.
type cloudNode struct{ server, port, ip string }

// cloudNodes are the names of the nodes: transcripts run side by side, and each that puts back what it wrote has
// nodes to itself.
func cloudNodes() []string { return []string{"worker-1", "worker-2", "worker-3", "worker-4"} }

func TestOpenStack(t *testing.T) { fakeCloud(t, fakeneutron.Options{}).run(t) }

// fakeCloud is the fake Neutron, with a port for each node.
func fakeCloud(t *testing.T, o fakeneutron.Options) cloud {
	t.Helper()
	o.Ports = len(cloudNodes())
	fake, err := fakeneutron.Start(o)
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
	return c
}

// run plays the transcripts of preflight openstack.
func (c cloud) run(t *testing.T) {
	network := c.client(t)
	c.play(t, "openstack", map[string]func(*testscript.TestScript, bool, []string){
		"pairs": func(ts *testscript.TestScript, _ bool, args []string) { c.pairs(ts, network, args) },
		"allow": func(ts *testscript.TestScript, _ bool, args []string) { c.allow(ts, network, args) },
	})
}

// play plays the transcripts in a folder in a cluster that runs on c, with commands beside those of all.
func (c cloud) play(t *testing.T, folder string, more map[string]func(*testscript.TestScript, bool, []string)) {
	o := lab.Options{OpenShift: true, Nodes: cloudNodes(), ProviderIDs: map[string]string{}, Addresses: map[string][]string{}, Annotations: map[string]map[string]string{}}
	for i, name := range cloudNodes() {
		o.ProviderIDs[name] = "openstack:///" + c.nodes[i].server
		o.Addresses[name] = []string{c.nodes[i].ip}
		o.Annotations[name] = map[string]string{"k8s.ovn.org/host-cidrs": fmt.Sprintf("[%q]", c.nodes[i].ip+"/16")}
	}
	play(t, folder, o, func(e *testscript.Env) error {
		e.Setenv("OS_CLIENT_CONFIG_FILE", c.file)
		e.Setenv("OS_CLOUD", c.name)
		e.Setenv("NET", c.net)
		deploy, err := filepath.Abs(filepath.Join("..", "..", "deploy"))
		e.Setenv("DEPLOY", deploy)
		return err
	}, more)
}

func (c cloud) client(t *testing.T) *gophercloud.ServiceClient {
	t.Helper()
	auth, endpoint, tls, err := clouds.Parse(clouds.WithCloudName(c.name), clouds.WithLocations(c.file))
	if err != nil {
		t.Fatal(err)
	}
	provider, err := config.NewProviderClient(t.Context(), auth, config.WithTLSConfig(tls))
	if err != nil {
		t.Fatal(err)
	}
	network, err := openstack.NewNetworkV2(provider, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return network
}

// pairs IP prints the pairs of that IP on the nodes' ports: node and MAC, a line each.
func (c cloud) pairs(ts *testscript.TestScript, network *gophercloud.ServiceClient, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: pairs IP")
	}
	var lines []string
	for i, name := range cloudNodes() {
		port, err := ports.Get(context.Background(), network, c.nodes[i].port).Extract()
		ts.Check(err)
		for _, p := range port.AllowedAddressPairs {
			if p.IPAddress == args[0] {
				lines = append(lines, name+" "+strings.ToLower(p.MACAddress)+"\n")
			}
		}
	}
	_, err := ts.Stdout().Write([]byte(strings.Join(lines, "")))
	ts.Check(err)
}

// allow NODE IP MAC: another adds a pair to the node's port.
func (c cloud) allow(ts *testscript.TestScript, network *gophercloud.ServiceClient, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: allow NODE IP MAC")
	}
	id := c.nodes[slices.Index(cloudNodes(), args[0])].port
	for {
		port, err := ports.Get(context.Background(), network, id).Extract()
		ts.Check(err)
		pairs := append(port.AllowedAddressPairs, ports.AddressPair{IPAddress: args[1], MACAddress: args[2]})
		_, err = ports.Update(context.Background(), network, id, ports.UpdateOpts{
			AllowedAddressPairs: &pairs, RevisionNumber: &port.RevisionNumber,
		}).Extract()
		if !gophercloud.ResponseCodeIs(err, 412) {
			ts.Check(err)
			return
		}
	}
}
