//go:build linux

package main

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// files are the programs' configurations.
//
//go:embed files
var files embed.FS

const (
	containerdFile = "/run/node/containerd.toml"
	kubeletFile    = "/run/node/kubelet.yaml"
	proxyFile      = "/run/node/kube-proxy.yaml"
	cniFile        = "/run/cni/net.d/00-multus.conf"
	pluginFolder   = "/run/cni/bin"
	programFolder  = "/run/node/bin"
)

// writeFiles writes what the node's programs read.
func (c *config) writeFiles() error {
	for _, dir := range []string{programFolder, pluginFolder, filepath.Dir(cniFile)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making %s: %w", dir, err)
		}
	}
	toml, err := files.ReadFile("files/containerd.toml")
	if err != nil {
		return err
	}
	if err := os.WriteFile(containerdFile, toml, 0o644); err != nil {
		return fmt.Errorf("writing containerd's configuration: %w", err)
	}
	if err := fill("files/kubelet.yaml", kubeletFile, "cgroupRoot", c.CgroupRoot); err != nil {
		return err
	}
	connection := map[string]any{"kubeconfig": c.Kubeconfigs["kube-proxy"]}
	if err := fill("files/kube-proxy.yaml", proxyFile, "clientConnection", connection); err != nil {
		return err
	}
	if err := errors.Join(c.linkPlugins(), c.linkPrograms()); err != nil {
		return err
	}
	network, err := json.MarshalIndent(c.network(), "", "  ")
	if err != nil {
		return fmt.Errorf("rendering the CNI configuration: %w", err)
	}
	if err := os.WriteFile(cniFile, network, 0o644); err != nil {
		return fmt.Errorf("writing the CNI configuration: %w", err)
	}
	return nil
}

// fill writes an embedded file with one field more.
func fill(from, to, field string, value any) error {
	text, err := files.ReadFile(from)
	if err != nil {
		return err
	}
	content := map[string]any{}
	if err := yaml.Unmarshal(text, &content); err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	content[field] = value
	if text, err = yaml.Marshal(content); err != nil {
		return fmt.Errorf("rendering %s: %w", to, err)
	}
	if err := os.WriteFile(to, text, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", to, err)
	}
	return nil
}

// linkPlugins puts the CNI plugins into one folder: Multus knows but one.
func (c *config) linkPlugins() error {
	plugins, err := filepath.Glob(filepath.Join(c.Assets, "cni", "*"))
	if err != nil {
		return fmt.Errorf("listing the CNI plugins: %w", err)
	}
	for _, plugin := range plugins {
		if err := link(plugin, pluginFolder, filepath.Base(plugin)); err != nil {
			return err
		}
	}
	return link(c.Plugin, pluginFolder, "egress-router")
}

// linkPrograms puts the node's programs into one folder, from which a test can take one away.
func (c *config) linkPrograms() error {
	programs, err := filepath.Glob(filepath.Join(c.Assets, "bin", "*"))
	if err != nil {
		return fmt.Errorf("listing the node's programs: %w", err)
	}
	for _, program := range programs {
		if err := link(program, programFolder, filepath.Base(program)); err != nil {
			return err
		}
	}
	return nil
}

func link(target, folder, name string) error {
	if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
		return fmt.Errorf("linking %s: %w", name, err)
	}
	return nil
}

// network is Multus' configuration: pods are on a bridge, with a default route by it. Where the node is told
// to, pods get routes to the cluster's networks of their own, as flannel gives them, and the network has the
// name that flannel's has.
func (c *config) network() map[string]any {
	name := "bridge"
	if len(c.ClusterRoutes) > 0 {
		name = "cbr0"
	}
	routes := []map[string]any{{"dst": "0.0.0.0/0"}}
	for _, network := range c.ClusterRoutes {
		routes = append(routes, map[string]any{"dst": network})
	}
	bridge := map[string]any{
		"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false,
		"ipam": map[string]any{"type": "host-local", "subnet": c.PodNetwork, "routes": routes},
	}
	return map[string]any{
		"cniVersion": "0.4.0",
		"name":       "multus-cni-network",
		"type":       "multus",
		"kubeconfig": c.Kubeconfigs["multus"],
		"binDir":     pluginFolder,
		"confDir":    filepath.Dir(cniFile),
		"logFile":    filepath.Join(c.Logs, c.Name+"-multus.log"),
		"logLevel":   "verbose",
		"delegates": []any{map[string]any{
			"cniVersion": "0.4.0", "name": name, "plugins": []any{bridge},
		}},
	}
}
