// Package lab puts the stand-ins together with a real control plane: a cluster in which egress routers
// come up, for the transcripts and the demo.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/kubectl-egress/kubectl-egress/test/cno"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
	"github.com/kubectl-egress/kubectl-egress/test/kubelet"
)

// Options say what kind of cluster to start.
type Options struct {
	// OpenShift serves EgressRouters and runs the network operator.
	OpenShift bool
	// Release is OpenShift's, which decides when ClusterOperator network is Degraded; empty: 4.20.8.
	Release string
	// NoMultus leaves out NetworkAttachmentDefinitions.
	NoMultus bool
	// Network is what Multus calls the network of eth0; empty: ovn-kubernetes, which nodes then tell of too.
	Network string
	// Nodes are the names of the nodes; without: those of Nodes().
	Nodes []string
	// ProviderIDs and Addresses are those of the nodes, by name; without: none, and 192.168.12.11 on.
	ProviderIDs map[string]string
	Addresses   map[string][]string
	// Annotations are those of the nodes, by name; without: what OVN-Kubernetes notes of the first address.
	Annotations map[string]map[string]string
	// Log takes progress and the failures of stand-ins, a line each; nil: none.
	Log io.Writer
}

// Lab is a running cluster with what plays its operator and its nodes.
type Lab struct {
	*kube.Cluster
	stop context.CancelFunc
	done sync.WaitGroup
	lock sync.Mutex
	errs []error
}

// Nodes are the names of a lab's nodes unless it has others, with addresses from 192.168.12.11 on.
func Nodes() []string { return []string{"worker-1", "worker-2"} }

// Start starts a lab. ctx bounds its start; it runs until Stop.
func Start(ctx context.Context, o Options) (*Lab, error) {
	if o.Nodes == nil {
		o.Nodes = Nodes()
	}
	cluster, err := kube.Start(ctx, kube.Options{OpenShift: o.OpenShift, NoMultus: o.NoMultus, Log: o.Log})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	l := &Lab{Cluster: cluster, stop: stop}
	l.play(running, "kubelet", func(ctx context.Context) error {
		return kubelet.Run(ctx, cluster.Config, kubelet.Options{
			Nodes: o.Nodes, Network: o.Network, ProviderIDs: o.ProviderIDs, Addresses: o.Addresses, Annotations: o.Annotations,
		})
	})
	if o.OpenShift {
		l.play(running, "network operator", func(ctx context.Context) error {
			return cno.Run(ctx, cluster.Config, cno.Options{Clock: 60, Release: cno.Release{Version: o.Release}})
		})
	}
	return l, nil
}

// play runs a stand-in until the lab stops.
func (l *Lab) play(ctx context.Context, name string, run func(context.Context) error) {
	l.done.Add(1)
	go func() {
		defer l.done.Done()
		if err := run(ctx); err != nil && ctx.Err() == nil {
			l.lock.Lock()
			defer l.lock.Unlock()
			l.errs = append(l.errs, fmt.Errorf("the stand-in for the %s ended: %w", name, err))
		}
	}()
}

// Stop ends the stand-ins, then the servers. Its error is also that of a stand-in that ended too early.
func (l *Lab) Stop() error {
	l.stop()
	l.done.Wait()
	l.lock.Lock()
	defer l.lock.Unlock()
	return errors.Join(append(l.errs, l.Cluster.Stop())...)
}
