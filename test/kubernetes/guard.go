//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// guardTable is the nftables table that stands for Neutron's port security.
const guardTable = "neutron"

// guard lets each port of the segment pass what its port in Neutron allows, as it changes, until ctx ends: frames
// with the node's own MAC, and those with MAC and address of a pair.
func (n *Neutron) guard(ctx context.Context) error {
	before := ""
	for ctx.Err() == nil {
		if rules := n.rules(); rules != before {
			if err := nft(ctx, rules); err != nil && ctx.Err() == nil {
				return err
			}
			before = rules
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nft(context.WithoutCancel(ctx), clearTable)
}

// clearTable deletes the table, there or not.
const clearTable = "table netdev " + guardTable + "\ndelete table netdev " + guardTable + "\n"

// rules are those of all ports, as nft reads them: one transaction.
func (n *Neutron) rules() string {
	var text strings.Builder
	text.WriteString(clearTable + "table netdev " + guardTable + " {\n")
	for i := range len(n.ports) {
		port, _ := n.Port(n.ports[nodeName(i+1)])
		text.WriteString(chain(i+1, port))
	}
	text.WriteString("}\n")
	return text.String()
}

// chain is what a node may send. Its own MAC goes with any address: a node forwards what its pods send.
func chain(node int, port fakeneutron.Port) string {
	var text strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&text, "\t"+format+"\n", args...) }
	line("chain %s {", portOf(node))
	line("type filter hook ingress device %s priority 0; policy drop;", portOf(node))
	line("ether saddr %s accept", port.MAC)
	for _, pair := range port.Pairs {
		line("ether saddr %s ip saddr %s accept", pair.MAC, pair.IP)
		line("ether saddr %s arp saddr ip %s accept", pair.MAC, pair.IP)
	}
	line("}")
	return text.String()
}

// nft runs a script.
func nft(ctx context.Context, script string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(assets, "bin", "nft"), "-f", "-")
	cmd.Env = []string{"LD_LIBRARY_PATH=" + filepath.Join(assets, "lib")}
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("guarding the ports: %w: %s", err, out)
	}
	return nil
}
