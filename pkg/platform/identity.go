package platform

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Identity says why what r's pod shows of its net1 is not taken for r's, or nil. NAD, pod and network-status must all agree
// with what r asks for. Whoever may write all of them can forge all of them, so this is no boundary: a grant is. A router
// without a pod, or whose pod has no net1 yet, has nothing to show.
func Identity(x *snapshot.Index, r snapshot.Router) error {
	pod := x.PodOf(r)
	if pod == nil || pod.MAC == "" {
		return nil
	}
	nad := x.NADOf(r)
	if nad == nil {
		return fmt.Errorf("its NAD %s is gone", r.Provisioner.NADName(r.Name))
	}
	if err := sameAddress(nad, pod, egress.ReservedIP(&r.EgressRouter)); err != nil {
		return err
	}
	if deployment := r.Provisioner.DeploymentName(r.Name); !madeBy(pod, deployment) {
		return fmt.Errorf("pod %s is not one of deployment.apps/%s: no ReplicaSet of that controls it", pod.Name, deployment)
	}
	return mayHave(nad, pod, egress.ReservedIP(&r.EgressRouter))
}

// sameAddress says where nad and pod do not have the reserved address.
func sameAddress(nad *snapshot.NAD, pod *snapshot.Pod, reserved netip.Addr) error {
	network, err := render.ReadNetwork(nad.Config)
	if err != nil {
		return fmt.Errorf("its NAD %s cannot be read: %w", nad.Name, err)
	}
	has := "none"
	if len(network.Addresses) > 0 {
		has = network.Addresses[0]
	}
	if withoutLength(has) != reserved {
		return fmt.Errorf("its NAD %s has address %s, not %s", nad.Name, has, reserved)
	}
	if withoutLength(pod.IP) != reserved {
		return fmt.Errorf("pod %s has address %s on net1, not %s", pod.Name, cmp.Or(pod.IP, "none"), reserved)
	}
	if pod.Attachment != nad.Namespace+"/"+nad.Name {
		return fmt.Errorf("net1 of pod %s is of network %q, not of NAD %s/%s", pod.Name, pod.Attachment, nad.Namespace, nad.Name)
	}
	return nil
}

// withoutLength is the address of text, which may have a prefix length; the zero one where it is none.
func withoutLength(text string) netip.Addr {
	text, _, _ = strings.Cut(text, "/")
	address, _ := netip.ParseAddr(text)
	return address.Unmap()
}

// madeBy reports whether a ReplicaSet of a Deployment controls pod. Its name is that of the Deployment, a hyphen, and a hash
// without any.
func madeBy(pod *snapshot.Pod, deployment string) bool {
	hash, ok := strings.CutPrefix(pod.Owner, deployment+"-")
	return ok && hash != "" && !strings.Contains(hash, "-")
}

// neutronPrefix begins the MACs that Neutron gives to ports, unless it is configured otherwise. It counts as locally administered.
const neutronPrefix = "fa:16:3e:"

// mayHave says why pod may not have the MAC that its net1 shows: what the NAD fixes it must be, and any other must be one that
// a kernel could have chosen at random, and nobody else's.
func mayHave(nad *snapshot.NAD, pod *snapshot.Pod, reserved netip.Addr) error {
	mac, err := net.ParseMAC(pod.MAC)
	if err != nil || len(mac) != 6 {
		return fmt.Errorf("net1 of pod %s has MAC %q, which is none", pod.Name, pod.MAC)
	}
	if fixed := render.ReadMAC(nad.Config); fixed != "" {
		if want, err := net.ParseMAC(fixed); err != nil || want.String() != mac.String() {
			return fmt.Errorf("net1 of pod %s has MAC %s, and its NAD fixes %q", pod.Name, mac, fixed)
		}
	}
	text, own := mac.String(), egress.FixedMAC(reserved)
	switch {
	case text == own:
		return nil
	case mac[0]&1 != 0:
		return fmt.Errorf("net1 of pod %s has MAC %s, which is a multicast address", pod.Name, mac)
	case mac[0]&2 == 0:
		return fmt.Errorf("net1 of pod %s has MAC %s, which belongs to a device: it must be locally administered, such as %s", pod.Name, mac, own)
	case strings.HasPrefix(text, neutronPrefix):
		return fmt.Errorf("net1 of pod %s has MAC %s, and Neutron gives %s... to ports", pod.Name, mac, neutronPrefix)
	case strings.HasPrefix(text, egress.FixedMACPrefix):
		return fmt.Errorf("net1 of pod %s has MAC %s, which is the one of address %s", pod.Name, mac, egress.AddressOf(mac))
	}
	return nil
}
