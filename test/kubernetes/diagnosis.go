//go:build linux

package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// PluginLog is what the egress-router CNI plugin has logged on a node.
func (c *Cluster) PluginLog(name string) (string, error) {
	n, err := c.node(name)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(n.path("/tmp/egress-router-log"))
	if err != nil {
		return "", fmt.Errorf("reading the CNI plugin's log: %w", err)
	}
	return string(text), nil
}

// Diagnosis is the end of every program's log.
func (c *Cluster) Diagnosis() string {
	logs, err := filepath.Glob(filepath.Join(root, "log", "*.log"))
	if err != nil {
		return err.Error()
	}
	var result strings.Builder
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err != nil {
			return err.Error()
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		_, _ = fmt.Fprintf(&result, "== %s\n%s\n", filepath.Base(log), strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
	for _, n := range c.nodes {
		log, err := c.PluginLog(n.name)
		if err != nil {
			log = err.Error()
		}
		_, _ = fmt.Fprintf(&result, "== the CNI plugin on %s\n%s\n", n.name, log)
	}
	return result.String()
}
