//go:build linux

package kubernetes

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// nodeConfig is what package node reads.
type nodeConfig struct {
	Name, Address, Gateway string
	Routes                 map[string]string
	PodNetwork             string
	ClusterRoutes          []string
	CgroupRoot             string
	Assets, Plugin, Images string
	Kubeconfigs            map[string]string
	Logs                   string
}

func (c *Cluster) nodeConfig(number int) (nodeConfig, error) {
	routes := map[string]string{}
	for i := range c.options.Nodes {
		if i+1 != number {
			routes[podNetworkOf(i+1)] = addressOf(i + 1)
		}
	}
	kubeconfigs := map[string]string{}
	for program, user := range map[string][]string{
		"kubelet":    {"system:node:" + nodeName(number), "system:nodes"},
		"kube-proxy": {"system:kube-proxy"},
		"multus":     {"multus"},
	} {
		file, err := c.nodeUser(user[0], user[1:]...)
		if err != nil {
			return nodeConfig{}, err
		}
		kubeconfigs[program] = file
	}
	config := nodeConfig{
		Name: nodeName(number), Address: addressOf(number) + prefix, Gateway: gateway, Routes: routes,
		PodNetwork: podNetworkOf(number),
		// A kubelet removes what it does not know below its root: each has its own.
		CgroupRoot: filepath.Join("/", os.Getenv(insideVariable), nodeName(number)),
		Assets:     assets, Plugin: c.plugin(number), Images: c.images(),
		Kubeconfigs: kubeconfigs, Logs: filepath.Join(root, "log"),
	}
	if !c.options.OnlyDefaultRoute {
		config.ClusterRoutes = []string{podNetwork, services}
	}
	return config, nil
}

// standIns reports whether the nodes run the stand-ins of the egress-router CNI plugin, and not one that was given.
func standIns() bool {
	_, err := os.Stat(givenPlugin)
	return err != nil
}

// plugin is the egress-router CNI plugin of a node: the one that was given, or the stand-in for that of OpenShift 4.20
// on on nodes with an odd number and for the one before on the others, as in the middle of an upgrade.
func (c *Cluster) plugin(number int) string {
	switch {
	case !standIns():
		return givenPlugin
	case number%2 == 1:
		return filepath.Join(c.Bin, "cniplugin")
	}
	return filepath.Join(c.Bin, "cniplugin-iptables")
}

// nodeUser makes a user, and a kubeconfig that leads from a node to the API server.
func (c *Cluster) nodeUser(name string, groups ...string) (string, error) {
	file, err := c.User(name, groups...)
	if err != nil {
		return "", err
	}
	config, err := clientcmd.LoadFromFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the kubeconfig of %s: %w", name, err)
	}
	for _, cluster := range config.Clusters {
		cluster.Server = "https://" + apiAddress
		cluster.TLSServerName = "localhost" // its certificate is for that
	}
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		return "", fmt.Errorf("writing the kubeconfig of %s: %w", name, err)
	}
	return file, nil
}

// hostOf is the host and port of the one server in config.
func hostOf(config *clientcmdapi.Config) string {
	for _, cluster := range config.Clusters {
		if server, err := url.Parse(cluster.Server); err == nil {
			return net.JoinHostPort(server.Hostname(), server.Port())
		}
	}
	return ""
}
