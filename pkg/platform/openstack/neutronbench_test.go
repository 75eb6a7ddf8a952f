//go:build openstack

package openstack

import (
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// TestBesideABareLoop tells how long 200 ports take, and how long a loop of gophercloud's takes that only logs in,
// lists the ports and writes each without a guard, with the same number in flight. It tells and does not judge.
func TestBesideABareLoop(t *testing.T) {
	u := startReal(t, 200)
	for range 2 {
		clearPairs(t, u)
		t.Logf("the adapter took %s", timed(func() { adapterRun(t, u) }))
		clearPairs(t, u)
		t.Logf("a bare loop took %s", timed(func() { bareLoop(t, u) }))
	}
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began).Round(time.Millisecond)
}

func adapterRun(t *testing.T, u *real) {
	var need []platform.Attachment
	for i, n := range u.nodes() {
		need = append(need, attachment(i, u.address(i), n))
	}
	a, said := client(t, u, Options{})
	fixed(t, a, need...)
	t.Logf("sent %v, of which %d were answered with 500", sent(said), answered(said, 500))
}

func bareLoop(t *testing.T, u *real) {
	client, err := u.Client(t.Context(), u.Clouds.Owner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ports.List(client, ports.ListOpts{NetworkID: u.Network}).AllPages(t.Context()); err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	group.SetLimit(DefaultConcurrency)
	for i, n := range u.nodes() {
		group.Go(func() error {
			list := []ports.AddressPair{{IPAddress: u.address(i).String(), MACAddress: pairOf(attachment(i, u.address(i), fakeneutron.SeedNode{})).MAC}}
			return ports.Update(t.Context(), client, n.PortID, ports.UpdateOpts{AllowedAddressPairs: &list}).Err
		})
	}
	if err := group.Wait(); err != nil {
		t.Logf("the bare loop failed: %v", err)
	}
}
