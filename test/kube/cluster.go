// Package kube starts a real Kubernetes control plane on 127.0.0.1, without root: etcd and
// kube-apiserver by controller-runtime's envtest, and kube-controller-manager beside them, so that
// Deployments get pods and what an owner leaves behind is collected.
//
// The servers are taken from the folder that KUBEBUILDER_ASSETS names. No scheduler, kubelet or
// network operator runs: packages kubelet and cno play those.
package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/kubectl-egress/kubectl-egress/test/process"
)

// patience is how long one server may take to start. Two cores that also compile and run other
// tests need more than envtest's 20 seconds.
const patience = time.Minute

// Options say what kind of cluster to start.
type Options struct {
	OpenShift bool      // the CRDs of EgressRouter and of what OpenShift says of itself, and the latter's objects
	Durable   bool      // etcd waits for the disk at every write, as in production; else it is spared that
	NoMultus  bool      // leave out the CRD of NetworkAttachmentDefinition
	Keep      bool      // no garbage collector: pods may name owners that nobody has made
	Log       io.Writer // progress, a line each; nil: none
}

// Cluster is a running etcd, kube-apiserver and kube-controller-manager.
type Cluster struct {
	Config     *rest.Config // a member of system:masters, practically without a rate limit
	Kubeconfig string       // the path of a kubeconfig file with the same rights

	dir      string
	env      *envtest.Environment
	manager  *process.Process
	mu       sync.Mutex // envtest's certificate authority counts serial numbers without a lock
	users    int
	stopOnce sync.Once
	stopErr  error
}

// Start starts a cluster and returns once its controllers work. ctx bounds the start only: the
// cluster runs until Stop.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if err := checkAssets(); err != nil {
		return nil, err
	}
	quieten()
	if o.Log == nil {
		o.Log = io.Discard
	}
	crds, err := crdPaths(ctx, o)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kubectl-egress-kube-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the cluster's files: %w", err)
	}
	c := &Cluster{dir: dir, env: environment(crds, o)}
	if err := keepable(c.env.ControlPlane.GetAPIServer(), dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.start(ctx, o); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// environment describes the API server: OpenShift's extra admission plugin on top of the defaults
// (PodSecurity among them), and nothing that looks for an address beyond the loopback interface.
func environment(crds []string, o Options) *envtest.Environment {
	existing := false
	env := &envtest.Environment{
		UseExistingCluster:       &existing, // whatever USE_EXISTING_CLUSTER says: tests write to what they start
		CRDDirectoryPaths:        crds,
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: patience,
		ControlPlaneStopTimeout:  patience,
	}
	env.ControlPlane.GetAPIServer().Configure().
		Append("enable-admission-plugins", "OwnerReferencesPermissionEnforcement").
		Set("service-cluster-ip-range", "172.30.0.0/16").    // OpenShift's default
		Set("advertise-address", "127.0.0.1").               // else a machine without a default route cannot start it
		Set("endpoint-reconciler-type", "none").             // Endpoints may not hold a loopback address
		Set("shutdown-watch-termination-grace-period", "1s") // else an open watch keeps it alive for a minute
	if o.OpenShift {
		env.CRDs = append(env.CRDs, egressIPs())
	}
	if o.Durable {
		env.ControlPlane.Etcd = &envtest.Etcd{}
		env.ControlPlane.Etcd.Configure().Disable("unsafe-no-fsync")
	}
	return env
}

func (c *Cluster) start(ctx context.Context, o Options) error {
	begun := time.Now()
	say := func(what string) { _, _ = fmt.Fprintf(o.Log, "%s (%.1f s)\n", what, time.Since(begun).Seconds()) }

	config, err := c.env.Start()
	if err != nil {
		return fmt.Errorf("starting etcd and kube-apiserver: %w", err)
	}
	c.Config = config
	c.Kubeconfig = filepath.Join(c.dir, "admin.kubeconfig")
	if err := os.WriteFile(c.Kubeconfig, c.env.KubeConfig, 0o600); err != nil {
		return fmt.Errorf("writing the admin kubeconfig: %w", err)
	}
	say("etcd and kube-apiserver run, with their CRDs")

	// After the CRDs: the garbage collector learns of new kinds only every 30 seconds.
	if c.manager, err = startControllerManager(c.Kubeconfig, c.dir, o); err != nil {
		return err
	}
	if o.OpenShift {
		if err := createOpenShift(ctx, config); err != nil {
			return err
		}
	}
	if err := awaitControllers(ctx, c.manager, config); err != nil {
		return err
	}
	say("kube-controller-manager works")
	return nil
}

// User makes a kubeconfig for a user who may do only what name and groups are granted.
func (c *Cluster) User(name string, groups ...string) (kubeconfigPath string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	user, err := c.env.AddUser(envtest.User{Name: name, Groups: groups}, nil)
	if err != nil {
		return "", fmt.Errorf("making a certificate for user %s: %w", name, err)
	}
	kubeconfig, err := user.KubeConfig()
	if err != nil {
		return "", fmt.Errorf("making a kubeconfig for user %s: %w", name, err)
	}
	c.users++
	// Numbered, not named: user names such as system:serviceaccount:ns/x are no file names.
	path := filepath.Join(c.dir, fmt.Sprintf("user-%d.kubeconfig", c.users))
	if err := os.WriteFile(path, kubeconfig, 0o600); err != nil {
		return "", fmt.Errorf("writing the kubeconfig of user %s: %w", name, err)
	}
	return path, nil
}

// Stop ends the servers and removes their files. A second call returns what the first did.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		// The controllers first: an API server waits for its clients before it ends.
		c.stopErr = errors.Join(c.manager.Stop(), c.env.Stop(), os.RemoveAll(c.dir))
	})
	return c.stopErr
}
