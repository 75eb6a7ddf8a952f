package openstack

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// providerScheme begins the provider IDs of OpenStack's cloud provider.
const providerScheme = "openstack://"

// server is the ID of the server that node is, from its provider ID, openstack:///ID or openstack://REGION/ID. It
// is empty where the node has no provider ID.
func server(node platform.Node, region string) (string, error) {
	if node.ProviderID == "" {
		return "", nil
	}
	rest, ok := strings.CutPrefix(node.ProviderID, providerScheme)
	if !ok {
		return "", fmt.Errorf("its provider ID %s is not OpenStack's (%sREGION/SERVER)", node.ProviderID, providerScheme)
	}
	where, id, ok := strings.Cut(rest, "/")
	if !ok || id == "" || strings.Contains(id, "/") {
		return "", fmt.Errorf("its provider ID %s names no server: it should be %s/SERVER or %sREGION/SERVER", node.ProviderID, providerScheme, providerScheme)
	}
	if where != "" && region != "" && where != region {
		return "", fmt.Errorf("its provider ID %s is of region %s, and the credentials are for region %s", node.ProviderID, where, region)
	}
	return id, nil
}

// addresses are the node's own, as Neutron writes them.
func addresses(node platform.Node) []string {
	return collect.Map(node.Addresses, func(address netip.Addr) string { return address.Unmap().String() })
}
