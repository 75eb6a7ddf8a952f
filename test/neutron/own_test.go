//go:build openstack && !oscloud

package neutron

import (
	"context"
	"errors"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/quotas"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/kubectl-egress/kubectl-egress/test/neutron/conformance"
)

// TestConformanceUnderNewPolicy asks the same with the access rules of later releases, and another limit of pairs.
func TestConformanceUnderNewPolicy(t *testing.T) {
	n := start(t, Options{Nodes: 4, Trunk: true, MaxPairs: 12, NewPolicy: true})
	asked := target(t, n)
	asked.ReadersWrite = false
	conformance.Run(t, asked)
}

// TestOwnServers looks at what Start makes, in servers of its own and in a cloud that runs already.
func TestOwnServers(t *testing.T) {
	n := start(t, Options{Nodes: 5})
	t.Run("clouds", func(t *testing.T) { testClouds(t, n) })
	t.Run("existing cloud", func(t *testing.T) { testExisting(t, n) })
	t.Run("existing cloud that is full", func(t *testing.T) { testFull(t, n) })
	t.Run("close", func(t *testing.T) { testClose(t, n) })
}

// testClouds logs in as each of the clouds and looks which of the nodes' ports it sees.
func testClouds(t *testing.T, n *Neutron) {
	var all []string
	for _, node := range n.Nodes {
		all = append(all, node.Port)
	}
	slices.Sort(all)
	for cloud, want := range map[string][]string{
		n.Clouds.Admin: all, n.Clouds.Owner: all, n.Clouds.OwnerAppCred: all, n.Clouds.Reader: all, n.Clouds.Other: nil,
	} {
		var got []string
		for _, port := range list(t, n, cloud) {
			if port.NetworkID == n.Network {
				got = append(got, port.ID)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("cloud %s sees the ports %v, want %v", cloud, got, want)
		}
	}
}

// testExisting takes n for a cloud that somebody else runs: what Start makes there is gone after Close,
// and all that was there before still stands.
func testExisting(t *testing.T, n *Neutron) {
	before := inventory(t, n)
	asCloud(t, n)
	own, err := Start(t.Context(), Options{Nodes: 3, Trunk: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(inventory(t, n)); got != len(before)+6 { // two networks, three ports and a subport
		t.Errorf("%d networks and ports after Start, want 6 more than %d", got, len(before))
	}
	// A port that a test made and forgot is no reason to leave the network behind.
	client := clientOf(t, own, own.Clouds.Owner)
	if err := ports.Create(t.Context(), client, ports.CreateOpts{NetworkID: own.Network}).Err; err != nil {
		t.Fatal(err)
	}
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	if after := inventory(t, n); !reflect.DeepEqual(after, before) {
		t.Errorf("after Close the cloud has %v, want %v", after, before)
	}
}

// testFull lets Start run into a quota half-way: what it had made by then is gone.
func testFull(t *testing.T, n *Neutron) {
	before := inventory(t, n)
	owner := clientOf(t, n, n.Clouds.Owner)
	one, err := networks.Get(t.Context(), owner, n.Network).Extract()
	if err != nil {
		t.Fatal(err)
	}
	room := len(list(t, n, n.Clouds.Owner)) + 2
	admin := clientOf(t, n, n.Clouds.Admin)
	if err := quotas.Update(t.Context(), admin, one.ProjectID, quotas.UpdateOpts{Port: &room}).Err; err != nil {
		t.Fatal(err)
	}
	asCloud(t, n)
	_, err = Start(t.Context(), Options{Nodes: 3})
	if !gophercloud.ResponseCodeIs(err, http.StatusConflict) || !strings.Contains(err.Error(), "making the ports of nodes 1 to 3") {
		t.Errorf("Start in a full cloud: %v, want a 409 for the ports of nodes 1 to 3", err)
	}
	if after := inventory(t, n); !reflect.DeepEqual(after, before) {
		t.Errorf("after a failed Start the cloud has %v, want %v", after, before)
	}
}

// testClose ends the servers: nobody listens any more, and their files are gone.
func testClose(t *testing.T, n *Neutron) {
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{n.Keystone, n.Endpoint} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("after Close %s answers %v, want connection refused", url, err)
		}
	}
	if _, err := os.Stat(n.CloudsFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close %s is still there: %v", n.CloudsFile, err)
	}
}

// TestStartGivesUp cancels a start: nothing of it is left running.
func TestStartGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	n, err := Start(ctx, Options{Nodes: 1, Dir: dir})
	if n != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Start, cancelled: %v, %v, want no Neutron and context.Canceled", n, err)
	}
}

// asCloud makes OS_CLOUD name the servers that n has started.
func asCloud(t *testing.T, n *Neutron) {
	t.Helper()
	for _, variable := range n.Env(n.Clouds.Owner) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
}

// inventory names all networks and ports of n.
func inventory(t *testing.T, n *Neutron) []string {
	t.Helper()
	var ids []string
	for _, port := range list(t, n, n.Clouds.Admin) {
		ids = append(ids, "port "+port.ID)
	}
	pages, err := networks.List(clientOf(t, n, n.Clouds.Admin), nil).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := networks.ExtractNetworks(pages)
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range all {
		ids = append(ids, "network "+network.ID)
	}
	slices.Sort(ids)
	return ids
}

func list(t *testing.T, n *Neutron, cloud string) []ports.Port {
	t.Helper()
	pages, err := ports.List(clientOf(t, n, cloud), nil).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := ports.ExtractPorts(pages)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
