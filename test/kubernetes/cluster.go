//go:build linux

package kubernetes

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
	"github.com/kubectl-egress/kubectl-egress/test/process"
)

// pluginVariable names the file of an egress-router CNI plugin to try in the place of the stand-in.
const pluginVariable = "EGRESS_ROUTER_PLUGIN"

// lostAfter is how long a node may be silent before it counts as lost; Kubernetes' own 50 s only make a test long.
const lostAfter = 15 * time.Second

//go:embed rbac.yaml
var rbac []byte

// Options say what cluster to start.
type Options struct {
	// Nodes is how many nodes the cluster has: node-1 and so on.
	Nodes int
	// OnlyDefaultRoute gives pods no route to pods and Services but the default route, as plain bridges do.
	OnlyDefaultRoute bool
	// OpenShift serves EgressRouters and runs the network operator's stand-in.
	OpenShift bool
	// Log takes progress, a line each; nil: none.
	Log io.Writer
}

// Cluster is a running Kubernetes with nodes, and the servers outside of it.
type Cluster struct {
	*kube.Cluster
	// Bin is a folder with the built kubectl-egress and with kubectl.
	Bin string

	options     Options
	begun       time.Time
	far         *far
	controllers []*process.Process
	nodes       []*node
	relaying    context.CancelFunc
	operating   func() error
	stopOnce    sync.Once
	stopErr     error
}

// Start starts a cluster in an isolated process that has called Enter, and returns once its nodes are ready.
// ctx bounds the start only: the cluster runs until Stop.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if !Isolated() {
		return nil, errors.New("a cluster with nodes is started in namespaces of its own: see Isolate")
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	c := &Cluster{options: o, begun: time.Now(), Bin: filepath.Join(root, "bin")}
	for _, step := range []func(context.Context) error{
		c.build, c.startOutside, c.startControlPlane, c.startNodes, c.startControllers, c.startOperator, c.waitReady,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, c.Stop())
		}
	}
	return c, nil
}

// say tells of progress.
func (c *Cluster) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.options.Log, "%s (%.1f s)\n", fmt.Sprintf(format, args...), time.Since(c.begun).Seconds())
}

// build builds the project's programs: the plugin, the stand-ins, and what goes into pods.
func (c *Cluster) build(ctx context.Context) error {
	const module = "github.com/kubectl-egress/kubectl-egress/"
	const plugin = module + "test/cniplugin"
	for _, args := range [][]string{
		{"-o", c.Bin, module + "cmd/kubectl-egress", plugin, module + "test/kubernetes/node", module + "test/kubernetes/podtool"},
		{"-o", c.Bin + "/cniplugin-iptables", "-ldflags", "-X main.form=iptables", plugin},
	} {
		build := exec.CommandContext(ctx, "go", append([]string{"build"}, args...)...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // for images without a C library
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building the programs: %w: %s", err, out)
		}
	}
	kubectl, err := kube.Kubectl()
	if err != nil {
		return err
	}
	if err := os.Symlink(kubectl, filepath.Join(c.Bin, "kubectl")); err != nil {
		return fmt.Errorf("linking kubectl: %w", err)
	}
	c.say("kubectl-egress and the CNI plugin are built")
	return writeImages(c.images(), filepath.Join(c.Bin, "podtool"),
		filepath.Join(assets, "bin", "busybox"), filepath.Join(assets, "bin", "nft"))
}

func (c *Cluster) images() string { return filepath.Join(root, "images.tar") }

// startOutside makes the network outside and the servers on it.
func (c *Cluster) startOutside(context.Context) error {
	addresses := map[string]string{}
	for i := range c.options.Nodes {
		addresses[nodeName(i+1)] = addressOf(i + 1)
	}
	if err := errors.Join(writeHosts(addresses), makeOutside()); err != nil {
		return err
	}
	var err error
	c.far, err = startFar()
	return err
}

// startControlPlane starts package kube's, and lets nodes reach and use it.
func (c *Cluster) startControlPlane(ctx context.Context) error {
	control, err := kube.Start(ctx, kube.Options{OpenShift: c.options.OpenShift, Log: c.options.Log})
	if err != nil {
		return err
	}
	c.Cluster = control
	relaying, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.relaying = cancel
	config, err := clientcmd.LoadFromFile(control.Kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the admin kubeconfig: %w", err)
	}
	if err := relay(relaying, apiAddress, hostOf(config)); err != nil {
		return err
	}
	apply := exec.CommandContext(ctx, filepath.Join(c.Bin, "kubectl"), "--kubeconfig", control.Kubeconfig, "apply", "-f", "-")
	apply.Stdin = bytes.NewReader(rbac)
	if out, err := apply.CombinedOutput(); err != nil {
		return fmt.Errorf("giving the nodes' programs their rights: %w: %s", err, out)
	}
	return nil
}

// startControllers starts, beside the API server, what package kube leaves out because it has no nodes:
// kube-scheduler, and the controllers that see nodes come and go.
func (c *Cluster) startControllers(context.Context) error {
	kubeconfig, err := c.User("system:kube-scheduler")
	if err != nil {
		return err
	}
	kubectl, err := kube.Kubectl()
	if err != nil {
		return err
	}
	for _, cmd := range []*exec.Cmd{
		exec.Command(filepath.Join(assets, "bin", "kube-scheduler"),
			"--kubeconfig", kubeconfig, "--leader-elect=false", "--secure-port=0"),
		exec.Command(filepath.Join(filepath.Dir(kubectl), "kube-controller-manager"),
			"--kubeconfig", c.Kubeconfig, "--leader-elect=false", "--secure-port=0",
			"--controllers=node-lifecycle-controller,taint-eviction-controller,pod-garbage-collector-controller",
			"--node-monitor-grace-period="+lostAfter.String(), "--node-monitor-period=1s"),
	} {
		p, err := process.Start(cmd, filepath.Join(root, "log"), filepath.Base(cmd.Path))
		if err != nil {
			return err
		}
		c.controllers = append(c.controllers, p)
	}
	return nil
}

// Stop ends everything. A second call returns what the first did.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		var errs []error
		if c.operating != nil {
			errs = append(errs, c.operating())
		}
		for _, n := range c.nodes {
			errs = append(errs, n.stop())
		}
		for _, p := range c.controllers {
			errs = append(errs, p.Stop())
		}
		if c.relaying != nil {
			c.relaying()
		}
		if c.Cluster != nil {
			errs = append(errs, c.Cluster.Stop())
		}
		if c.far != nil {
			errs = append(errs, c.far.Close())
		}
		c.stopErr = errors.Join(errs...)
	})
	return c.stopErr
}
