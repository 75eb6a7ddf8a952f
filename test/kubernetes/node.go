//go:build linux

package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/kubectl-egress/kubectl-egress/test/process"
)

// apiAddress is where nodes reach the API server.
const apiAddress = gateway + ":6443"

// node is a machine of the cluster: a process (package node) with namespaces of its own.
type node struct {
	name  string
	input io.Closer // it ends when this closes
	*process.Process
}

func nodeName(number int) string { return fmt.Sprintf("node-%d", number) }

// startNodes starts all nodes, side by side.
func (c *Cluster) startNodes(context.Context) error {
	for i := range c.options.Nodes {
		if err := c.startNode(i + 1); err != nil {
			return err
		}
	}
	c.say("%d nodes start", c.options.Nodes)
	return nil
}

func (c *Cluster) startNode(number int) error {
	config, err := c.nodeConfig(number)
	if err != nil {
		return err
	}
	if err := newChildCgroup(config.CgroupRoot); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(c.Bin, "node"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	input, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", nodeName(number), err)
	}
	p, err := process.Start(cmd, filepath.Join(root, "log"), nodeName(number))
	if err != nil {
		return err
	}
	c.nodes = append(c.nodes, &node{nodeName(number), input, p})
	if err := plugIn(number, p.PID()); err != nil {
		return err
	}
	if err := json.NewEncoder(input).Encode(config); err != nil {
		return fmt.Errorf("telling %s what to be: %w", nodeName(number), errors.Join(err, p.Err()))
	}
	return nil
}

// stop ends the node: what a power failure would do.
func (n *node) stop() error {
	if err := n.input.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("stopping %s: %w", n.name, err)
	}
	select {
	case <-n.Exited():
		return nil
	case <-time.After(5 * time.Second):
		return n.Kill()
	}
}

// PowerOff ends a node as the loss of its power would: nobody on it says good-bye.
func (c *Cluster) PowerOff(name string) error {
	n, err := c.node(name)
	if err != nil {
		return err
	}
	return n.Kill()
}

// TakeAway removes a program from those that a node's container runtime finds, and with it its CNI plugins.
func (c *Cluster) TakeAway(name, program string) error {
	return c.rename(name, program, program+".away")
}

// PutBack takes TakeAway back.
func (c *Cluster) PutBack(name, program string) error {
	return c.rename(name, program+".away", program)
}

func (c *Cluster) rename(name, from, to string) error {
	n, err := c.node(name)
	if err != nil {
		return err
	}
	if err := os.Rename(n.path("/run/node/bin/"+from), n.path("/run/node/bin/"+to)); err != nil {
		return fmt.Errorf("changing the programs of %s: %w", name, err)
	}
	return nil
}

func (c *Cluster) node(name string) (*node, error) {
	for _, n := range c.nodes {
		if n.name == name {
			return n, nil
		}
	}
	return nil, fmt.Errorf("no node is called %s", name)
}

// path is where a file of the node is seen from outside: through its first process.
func (n *node) path(file string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/root", n.PID()), file)
}
