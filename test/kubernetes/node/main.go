//go:build linux

// Command node is a Kubernetes node of the tests: the first process of a machine that consists of network,
// mount and process namespaces. It reads what to be from standard input, starts containerd, the kubelet and
// kube-proxy, and ends when its input does, or when one of them does. With it ends, by the kernel's hand,
// everything on the node: processes, mounts, network.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/kubectl-egress/kubectl-egress/test/process"
)

// patience is how long containerd may take to answer.
const patience = time.Minute

// config says what node to be. The test cluster writes it.
type config struct {
	Name          string            // of the Node
	Address       string            // of the NIC, with the prefix length
	Gateway       string            // of the default route
	Routes        map[string]string // pod networks of the other nodes, and those nodes' addresses
	PodNetwork    string            // the node's own part of the cluster's pod network
	ClusterRoutes []string          // networks that pods get a route to, beside the default route
	CgroupRoot    string            // the cgroup that pods go below
	Assets        string            // the folder with bin, lib and cni
	Plugin        string            // the egress-router CNI plugin
	Images        string            // an image archive
	Kubeconfigs   map[string]string // of kubelet, kube-proxy and multus
	Logs          string            // the folder for what the programs print
}

func main() {
	if err := run(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}

func run() error {
	if os.Getpid() != 1 {
		return fmt.Errorf("this is a part of test/kubernetes, which gives it namespaces of its own: run make test-kubernetes")
	}
	decoder := json.NewDecoder(os.Stdin)
	var c config
	if err := decoder.Decode(&c); err != nil {
		return fmt.Errorf("reading what node to be: %w", err)
	}
	for _, step := range []func() error{c.mount, c.configureNetwork, c.writeFiles} {
		if err := step(); err != nil {
			return err
		}
	}
	ended := make(chan error)
	go func() {
		_, _ = io.Copy(io.Discard, io.MultiReader(decoder.Buffered(), os.Stdin))
		ended <- nil
	}()
	if err := c.startPrograms(ended); err != nil {
		return err
	}
	return <-ended
}

// startPrograms starts what runs on a node. The first to end says so to ended.
func (c *config) startPrograms(ended chan<- error) error {
	containerd, err := c.start(ended, "containerd", "--config", containerdFile)
	if err != nil {
		return err
	}
	if err := c.importImages(containerd); err != nil {
		return err
	}
	if _, err := c.start(ended, "kubelet", "--config", kubeletFile, "--kubeconfig", c.Kubeconfigs["kubelet"],
		"--hostname-override", c.Name, "--node-ip", c.ip(), "--v", "2"); err != nil {
		return err
	}
	_, err = c.start(ended, "kube-proxy", "--config", proxyFile, "--hostname-override", c.Name)
	return err
}

// start starts a program of the assets.
func (c *config) start(ended chan<- error, name string, args ...string) (*process.Process, error) {
	cmd := exec.Command(filepath.Join(c.Assets, "bin", name), args...)
	cmd.Env = c.environment(name)
	p, err := process.Start(cmd, c.Logs, c.Name+"-"+name)
	if err != nil {
		return nil, err
	}
	go func() {
		<-p.Exited()
		ended <- p.Err()
	}()
	return p, nil
}

// environment lets programs find each other, and their libraries, among the assets. A container runtime's is that of
// the CNI plugins, which find nothing else.
func (c *config) environment(program string) []string {
	path := programFolder
	if program != "containerd" {
		path += ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	return []string{
		"PATH=" + path,
		"LD_LIBRARY_PATH=" + filepath.Join(c.Assets, "lib"),
		"XTABLES_LIBDIR=" + filepath.Join(c.Assets, "lib", "xtables"),
		"HOME=/root",
	}
}

// importImages waits for containerd and gives it the images, which no registry would.
func (c *config) importImages(containerd *process.Process) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		cmd := exec.CommandContext(ctx, filepath.Join(c.Assets, "bin", "ctr"), "--namespace", "k8s.io", "images", "import", c.Images)
		cmd.Env = c.environment("ctr")
		out, err := cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		if ended := containerd.Err(); ended != nil {
			return ended
		}
		if ctx.Err() != nil {
			return fmt.Errorf("giving containerd its images: %w: %s", err, out)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
