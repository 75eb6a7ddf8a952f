package vcenter

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

func TestTheServerIsLocalAndVerifiable(t *testing.T) {
	s, c := start(t, Options{})
	u, err := url.Parse(s.URL())
	must(t, err)
	if u.Scheme != "https" || u.Hostname() != "127.0.0.1" || u.User != nil {
		t.Errorf("the URL is %s", u)
	}
	if about := c.ServiceContent.About; about.Version != version {
		t.Errorf("the vCenter is %s", about.Version)
	}
	answer, err := http.Get(s.URL())
	if err == nil {
		must(t, answer.Body.Close())
	}
	unknown := x509.UnknownAuthorityError{}
	if !errors.As(err, &unknown) {
		t.Errorf("without the certificate: got %v", err)
	}
	u.User = url.UserPassword("administrator@vsphere.local", "wrong")
	if _, err := govmomi.NewClient(t.Context(), u, true); !fault.Is(err, &types.InvalidLogin{}) {
		t.Errorf("the wrong password: got %v", err)
	}
	s.Close()
	if _, err := os.Stat(s.CAFile()); !os.IsNotExist(err) {
		t.Errorf("the certificate is still there: %v", err)
	}
}

func TestEachCallIsDelayed(t *testing.T) {
	const delay = 20 * time.Millisecond
	s, c := start(t, Options{Delay: delay})
	began := time.Now()
	host(t, s, c, "DC0_C0_H0")
	if took := time.Since(began); took < delay {
		t.Errorf("a call took %s", took)
	}
}

func TestNodesAreVMs(t *testing.T) {
	s, c := start(t, Options{Clusters: 2, Hosts: 2, VMs: 2, PortGroups: 1})
	if n := len(s.Nodes(100)); n != 8 {
		t.Errorf("there are %d nodes", n)
	}
	nodes := s.Nodes(5)
	names, hosts := []string{}, []string{}
	for _, n := range nodes {
		names = append(names, n.Name)
		ref, err := s.find("VirtualMachine", strings.ToUpper(strings.ReplaceAll(n.Name, "-", "_")))
		must(t, err)
		var vm mo.VirtualMachine
		must(t, c.RetrieveOne(t.Context(), ref, []string{"name", "config.uuid", "network", "runtime", "guest", "config.hardware.device"}, &vm))
		hosts = append(hosts, s.nameOf(*vm.Runtime.Host))
		same(t, n.Name, n, platform.Node{
			Name: n.Name, Hostname: vm.Guest.HostName, ProviderID: "vsphere://" + vm.Config.Uuid, SystemUUID: swapped(vm.Config.Uuid),
			Addresses: []netip.Addr{netip.MustParseAddr(vm.Guest.IpAddress)},
		})
		if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn || len(vm.Network) != 1 || s.nameOf(vm.Network[0]) != "DC0_DVPG0" {
			t.Errorf("%s is %s on %v", n.Name, vm.Runtime.PowerState, vm.Network)
		}
		same(t, "interfaces", []any{vm.Guest.Net[0].Network, len(vm.Guest.Net), vm.Guest.Net[1].DeviceConfigId}, []any{"DC0_DVPG0", 2, -1})
	}
	same(t, "names", names, []string{"dc0-c0-rp0-vm0", "dc0-c0-rp0-vm2", "dc0-c1-rp0-vm0", "dc0-c1-rp0-vm2", "dc0-c0-rp0-vm1"})
	same(t, "hosts", hosts, []string{"DC0_C0_H0", "DC0_C0_H1", "DC0_C1_H0", "DC0_C1_H1", "DC0_C0_H0"})
	same(t, "swapped", swapped("00112233-4455-6677-8899-aabbccddeeff"), "33221100-5544-7766-8899-aabbccddeeff")
}
