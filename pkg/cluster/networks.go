package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	configv1 "github.com/openshift/api/config/v1"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
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

// Networks reads the cluster's own networks where they may be written: OpenShift's Network, ServiceCIDRs,
// kubeadm's ConfigMap, and the nodes' pod CIDRs. A place that is not there, or not to be read, tells nothing.
func (c *Client) Networks(ctx context.Context) (Networks, error) {
	places := []struct {
		name string
		read func(context.Context, *Client) (pods, services []string, err error)
	}{
		{"Network cluster", openShiftNetworks},
		{"the ServiceCIDRs", serviceCIDRs},
		{"ConfigMap kube-system/kubeadm-config", kubeadmNetworks},
		{"the nodes' pod CIDRs", nodeNetworks},
	}
	type found struct {
		pods, services []string
		err            error
	}
	results := make([]found, len(places))
	var group errgroup.Group
	for i, place := range places {
		group.Go(func() error {
			results[i].pods, results[i].services, results[i].err = place.read(ctx, c)
			return nil
		})
	}
	_ = group.Wait() // each keeps its own error
	var n Networks
	for i, place := range places {
		switch err := results[i].err; {
		case apierrors.IsForbidden(err):
			n.Unread = append(n.Unread, place.name)
		case err != nil && !isNotFound(err):
			return n, fmt.Errorf("reading the cluster's networks from %s: %w", place.name, err)
		}
		n.Pods = appendNetworks(n.Pods, results[i].pods, place.name)
		n.Services = appendNetworks(n.Services, results[i].services, place.name)
	}
	n.Pods, n.Services = joinNetworks(n.Pods), joinNetworks(n.Services)
	return n, nil
}

func openShiftNetworks(ctx context.Context, c *Client) (pods, services []string, err error) {
	object, err := c.get(ctx, openShift("networks"), "", "cluster")
	if object == nil || err != nil {
		return nil, nil, err
	}
	var network configv1.Network
	if err := typed(object, &network); err != nil {
		return nil, nil, err
	}
	for _, entry := range network.Status.ClusterNetwork {
		pods = append(pods, entry.CIDR)
	}
	return pods, network.Status.ServiceNetwork, nil
}

func serviceCIDRs(ctx context.Context, c *Client) (pods, services []string, err error) {
	err = c.eachBuiltin(ctx, networkingv1.SchemeGroupVersion.WithResource("servicecidrs"), &networkingv1.ServiceCIDRList{}, func(object runtime.Object) {
		if cidr, ok := object.(*networkingv1.ServiceCIDR); ok {
			services = append(services, cidr.Spec.CIDRs...)
		}
	})
	return nil, services, err
}

func nodeNetworks(ctx context.Context, c *Client) (pods, services []string, err error) {
	err = c.eachBuiltin(ctx, core("nodes"), &corev1.NodeList{}, func(object runtime.Object) {
		if node, ok := object.(*corev1.Node); ok {
			pods = append(pods, node.Spec.PodCIDR)
			pods = append(pods, node.Spec.PodCIDRs...)
		}
	})
	return pods, nil, err
}

// eachBuiltin lists a resource of Kubernetes' own; list is an empty list of it.
func (c *Client) eachBuiltin(ctx context.Context, gvr schema.GroupVersionResource, list runtime.Object, each func(runtime.Object)) error {
	return c.eachPage(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		page := list.DeepCopyObject()
		return page, c.readBuiltin(ctx, gvr, "", o, page)
	}, func(object runtime.Object) error {
		each(object)
		return nil
	})
}

// kubeadmNetworks reads what kubeadm was told when the cluster was made: lists of CIDRs with commas.
func kubeadmNetworks(ctx context.Context, c *Client) (pods, services []string, err error) {
	object, err := c.get(ctx, core("configmaps"), "kube-system", "kubeadm-config")
	if object == nil || err != nil {
		return nil, nil, err
	}
	var config corev1.ConfigMap
	if err := typed(object, &config); err != nil {
		return nil, nil, err
	}
	var cluster struct {
		Networking struct {
			PodSubnet     string `json:"podSubnet"`
			ServiceSubnet string `json:"serviceSubnet"`
		} `json:"networking"`
	}
	if err := yaml.Unmarshal([]byte(config.Data["ClusterConfiguration"]), &cluster); err != nil {
		return nil, nil, fmt.Errorf("reading its ClusterConfiguration: %w", err)
	}
	return strings.Split(cluster.Networking.PodSubnet, ","), strings.Split(cluster.Networking.ServiceSubnet, ","), nil
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
