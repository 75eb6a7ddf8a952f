package read

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Network is a network of the cluster's own, and where that is written.
type Network struct {
	CIDR netip.Prefix
	// From names the objects, such as "ConfigMap kube-system/kubeadm-config".
	From string
}

// Networks are the IPv4 networks of the cluster's pods and Services, as far as the cluster tells. What another
// contains is left out, and neighbours are joined.
type Networks struct {
	Pods, Services []Network
	// Unread are the places that the user may not read.
	Unread []string
}

// ClusterNetworks reads the cluster's own networks where they may be written: OpenShift's Network, ServiceCIDRs,
// kubeadm's ConfigMap, and the nodes' pod CIDRs. A place that is not there, or not to be read, tells nothing.
func ClusterNetworks(ctx context.Context, c *cluster.Client) (Networks, error) {
	places := []struct {
		name, namespace string
		reading         cluster.Reading
	}{
		{"Network cluster", "", Of(cluster.ClusterNetworks)},
		{"the ServiceCIDRs", "", Of(cluster.ServiceCIDRs)},
		{"ConfigMap kube-system/kubeadm-config", "kube-system", cluster.Reads(cluster.ConfigMaps, addKubeadmNetworks).Only("kubeadm-config")},
		{"the nodes' pod CIDRs", "", cluster.Reads(cluster.Nodes, addNodeNetworks)},
	}
	parts := make([]*snapshot.Snapshot, len(places))
	errs := make([]error, len(places))
	var group sync.WaitGroup
	for i, place := range places {
		group.Go(func() { parts[i], errs[i] = Fill(ctx, c, place.reading, place.namespace) })
	}
	group.Wait()
	var n Networks
	for i, place := range places {
		switch err := errs[i]; {
		case err == nil:
			n.Pods = appendNetworks(n.Pods, parts[i].Cluster.PodCIDRs, place.name)
			n.Services = appendNetworks(n.Services, parts[i].Cluster.ServiceCIDRs, place.name)
		case apierrors.IsForbidden(err):
			n.Unread = append(n.Unread, place.name)
		case !apierrors.IsNotFound(err):
			return n, fmt.Errorf("reading the cluster's networks from %s: %w", place.name, place.reading.Explain(err, place.namespace))
		}
	}
	n.Pods, n.Services = joinNetworks(n.Pods), joinNetworks(n.Services)
	return n, nil
}

// addNodeNetworks adds the networks of a node's pods to those of the cluster.
func addNodeNetworks(s *snapshot.Snapshot, node *corev1.Node) error {
	s.Cluster.PodCIDRs = append(s.Cluster.PodCIDRs, podCIDRs(node)...)
	return nil
}

// addKubeadmNetworks adds what kubeadm was told when the cluster was made: lists of CIDRs with commas.
func addKubeadmNetworks(s *snapshot.Snapshot, config *corev1.ConfigMap) error {
	var cluster struct {
		Networking struct {
			PodSubnet     string `json:"podSubnet"`
			ServiceSubnet string `json:"serviceSubnet"`
		} `json:"networking"`
	}
	if err := yaml.Unmarshal([]byte(config.Data["ClusterConfiguration"]), &cluster); err != nil {
		return fmt.Errorf("reading its ClusterConfiguration: %w", err)
	}
	s.Cluster.PodCIDRs = strings.Split(cluster.Networking.PodSubnet, ",")
	s.Cluster.ServiceCIDRs = strings.Split(cluster.Networking.ServiceSubnet, ",")
	return nil
}

// appendNetworks adds those of cidrs that are IPv4 networks.
func appendNetworks(to []Network, cidrs []string, from string) []Network {
	for _, text := range cidrs {
		if prefix, err := netip.ParsePrefix(strings.TrimSpace(text)); err == nil && prefix.Addr().Is4() {
			to = append(to, Network{prefix.Masked(), from})
		}
	}
	return to
}

// joinNetworks orders networks, leaves out what another contains, and makes one of two halves.
func joinNetworks(networks []Network) []Network {
	slices.SortStableFunc(networks, func(a, b Network) int { return a.CIDR.Compare(b.CIDR) })
	var out []Network
	for _, n := range networks {
		if last := len(out) - 1; last >= 0 && out[last].CIDR.Overlaps(n.CIDR) {
			continue // sorted by address, then the larger first: it is inside
		}
		out = append(out, n)
		for len(out) > 1 {
			a, b := out[len(out)-2], out[len(out)-1]
			whole := netip.PrefixFrom(a.CIDR.Addr(), a.CIDR.Bits()-1).Masked()
			if a.CIDR.Bits() != b.CIDR.Bits() || !whole.Contains(b.CIDR.Addr()) || whole.Addr() != a.CIDR.Addr() || a.From != b.From {
				break
			}
			out = append(out[:len(out)-2], Network{whole, a.From})
		}
	}
	return out
}
