//go:build linux

package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// Neutron is a cloud that the nodes are machines of: the fake Keystone and Neutron, whose ports let through what
// they allow and nothing else.
type Neutron struct {
	*fakeneutron.Server
	// CloudsYAML is a file with the cloud "k8s", of the nodes' owner.
	CloudsYAML string

	ports  map[string]string // IDs by node
	cancel context.CancelFunc
	ended  chan error
}

// StartNeutron puts a Neutron under the nodes, until Stop.
func (c *Cluster) StartNeutron(ctx context.Context) (*Neutron, error) {
	fake, err := fakeneutron.Start(fakeneutron.Options{})
	if err != nil {
		return nil, err
	}
	n := &Neutron{Server: fake, CloudsYAML: filepath.Join(root, "clouds.yaml"), ports: map[string]string{}, ended: make(chan error, 1)}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.cancel = cancel
	if err := n.plugIn(ctx, c); err != nil {
		cancel()
		fake.Close()
		return nil, err
	}
	go func() { n.ended <- n.guard(running) }()
	return n, nil
}

// plugIn gives each node a server with a port.
func (n *Neutron) plugIn(ctx context.Context, c *Cluster) error {
	if err := os.WriteFile(n.CloudsYAML, n.Server.CloudsYAML(), 0o600); err != nil {
		return fmt.Errorf("writing clouds.yaml: %w", err)
	}
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	_, cidr, err := net.ParseCIDR(gateway + prefix)
	if err != nil {
		return fmt.Errorf("reading the segment's network: %w", err)
	}
	network := n.AddNetwork(fakeneutron.Network{Name: segment})
	n.AddSubnet(fakeneutron.Subnet{Name: segment, NetworkID: network.ID, CIDR: cidr.String()})
	for i, node := range c.nodes {
		server := fmt.Sprintf("6f1c0a52-0000-4000-8000-%012d", i+1)
		port := n.AddPort(fakeneutron.Port{
			Name: node.name, NetworkID: network.ID, DeviceID: server, MAC: macOfNode(i + 1).String(),
			FixedIPs: []fakeneutron.FixedIP{{IP: addressOf(i + 1)}},
		})
		n.ports[node.name] = port.ID
		if err := setProviderID(ctx, client, node.name, "openstack:///"+server); err != nil {
			return err
		}
	}
	return nil
}

// setProviderID lets a Node say which server it is, as the cloud's controller would.
func setProviderID(ctx context.Context, client kubernetes.Interface, name, id string) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"providerID": id}})
	if err != nil {
		return fmt.Errorf("rendering a patch: %w", err)
	}
	if _, err := client.CoreV1().Nodes().Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("writing the provider ID of node %s: %w", name, err)
	}
	return nil
}

// PortID is the ID of a node's port.
func (n *Neutron) PortID(node string) string { return n.ports[node] }

// Allowing are the nodes whose ports have a pair of that address, with its MAC.
func (n *Neutron) Allowing(address string) map[string]string {
	found := map[string]string{}
	for node, id := range n.ports {
		port, _ := n.Port(id)
		for _, pair := range port.Pairs {
			if pair.IP == address {
				found[node] = pair.MAC
			}
		}
	}
	return found
}

// Stop ends the servers, and lets the nodes send what they will.
func (n *Neutron) Stop() error {
	n.cancel()
	var err error
	select {
	case err = <-n.ended:
	case <-time.After(5 * time.Second):
		err = errors.New("the ports of the fake Neutron are still guarded")
	}
	n.Close()
	return err
}
