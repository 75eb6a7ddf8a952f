//go:build linux

package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// PluginLog is what the egress-router CNI plugin has logged on a node.
func (c *Cluster) PluginLog(name string) string {
	for _, n := range c.nodes {
		if n.name != name {
			continue
		}
		// The node's files are seen through its first process.
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/root/tmp/egress-router-log", n.PID()))
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
	return ""
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
		_, _ = fmt.Fprintf(&result, "== the CNI plugin on %s\n%s\n", n.name, c.PluginLog(n.name))
	}
	return result.String()
}
